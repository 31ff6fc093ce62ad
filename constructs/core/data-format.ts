/** What wrote the volumes of a StatefulSet, which no other major version of that program can read. */
export interface DataFormat {
  /** Its name, such as `PostgreSQL`. */
  readonly program: string;
  readonly major: number;
  /**
   * Name of the StatefulSet whose backups this one is made from: they are of one major version.
   * @default none
   */
  readonly recoveredFrom?: string;
  /**
   * Name of the StatefulSet that this one follows, without taking writes.
   * @default none
   */
  readonly follows?: string;
  /**
   * Name of the StatefulSet that this one is another generation of: it followed that one, and stands alone.
   * @default none
   */
  readonly copyOf?: string;
  /** How another major version is reached: a file in docs/runbooks/ without its ending. */
  readonly runbook: string;
}

/** On the StatefulSet: how synth knows what the last run wrote. */
export function majorAnnotation({ program }: DataFormat): string {
  return `diptych/${program.toLowerCase()}-major`;
}

/** On a StatefulSet that follows another one, with that one's name. */
export const followsAnnotation = 'diptych/follows';

/** On a StatefulSet that is made from another one's backups, with that one's name. */
export const recoveredFromAnnotation = 'diptych/recovered-from';

export function dataFormatAnnotations(format: DataFormat): Record<string, string> {
  const { major, recoveredFrom, follows } = format;
  return {
    [majorAnnotation(format)]: String(major),
    ...(recoveredFrom === undefined ? {} : { [recoveredFromAnnotation]: recoveredFrom }),
    ...(follows === undefined ? {} : { [followsAnnotation]: follows }),
  };
}
