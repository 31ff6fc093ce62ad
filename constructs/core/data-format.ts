/** What wrote the volumes of a StatefulSet, which no other major version of that program can read. */
export interface DataFormat {
  /** Its name, such as `PostgreSQL`. */
  readonly program: string;
  readonly major: number;
  /**
   * Where an older minor version can't read what a newer one wrote.
   * @default minor versions read what each other wrote
   */
  readonly minor?: number;
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
  /**
   * Whether somebody has said that it is to begin empty.
   * @default false
   */
  readonly empty?: boolean;
  /**
   * Names of what is in it, such as databases: one that another one takes the place of begins empty.
   * @default nothing that has a name
   */
  readonly holds?: readonly string[];
  /**
   * What it was begun as, by the option that says so: it can't become another one.
   * @default it has no name of its own
   */
  readonly identity?: Readonly<Record<string, string>>;
  /**
   * Whether its backups are encrypted: those that are there stay as they were written.
   * @default it has no backups
   */
  readonly encrypted?: boolean;
  /**
   * Programs that might stand in its place, and can't read what it wrote either.
   * @default none
   */
  readonly alternatives?: readonly string[];
  /** How another major version is reached: a file in docs/runbooks/ without its ending. */
  readonly runbook: string;
}

/** On the StatefulSet: how synth knows what the last run wrote. */
export function majorAnnotation({ program }: Pick<DataFormat, 'program'>): string {
  return `diptych/${program.toLowerCase()}-major`;
}

/** On the StatefulSet, where it matters. */
export function minorAnnotation({ program }: Pick<DataFormat, 'program'>): string {
  return `diptych/${program.toLowerCase()}-minor`;
}

/** On a StatefulSet that follows another one, with that one's name. */
export const followsAnnotation = 'diptych/follows';

/** On a StatefulSet that is made from another one's backups, with that one's name. */
export const recoveredFromAnnotation = 'diptych/recovered-from';

/** On a StatefulSet that somebody wants to begin empty. */
export const emptyAnnotation = 'diptych/begins-empty';

/** On a StatefulSet, with the names of what it holds. */
export const holdsAnnotation = 'diptych/holds';

/** On a StatefulSet, with what it was begun as. */
export const identityAnnotation = 'diptych/begun-as';

/** On a StatefulSet that has backups. */
export const encryptedAnnotation = 'diptych/backups-encrypted';

export function dataFormatAnnotations(format: DataFormat): Record<string, string> {
  const { major, minor, recoveredFrom, follows, empty = false, holds, identity, encrypted } = format;
  return {
    [majorAnnotation(format)]: String(major),
    ...(minor === undefined ? {} : { [minorAnnotation(format)]: String(minor) }),
    ...(recoveredFrom === undefined ? {} : { [recoveredFromAnnotation]: recoveredFrom }),
    ...(follows === undefined ? {} : { [followsAnnotation]: follows }),
    ...(empty ? { [emptyAnnotation]: 'true' } : {}),
    ...(holds === undefined ? {} : { [holdsAnnotation]: holds.join(',') }),
    ...(identity === undefined ? {} : { [identityAnnotation]: inWords(identity) }),
    ...(encrypted === undefined ? {} : { [encryptedAnnotation]: String(encrypted) }),
  };
}

/** Such as `realm AD.EXAMPLE.COM, server DC1`. */
function inWords(identity: NonNullable<DataFormat['identity']>): string {
  return Object.entries(identity)
    .map(([option, value]) => `${option} ${value}`)
    .join(', ');
}
