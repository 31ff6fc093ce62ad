import { checkName } from './names.ts';

/** What the five recommended labels say of a workload. */
export interface Identity {
  /** What the program is, such as `nest-backend`. */
  readonly name: string;
  /** Which one of its kind it is, such as `backend`. */
  readonly instance: string;
  /** The part it plays, such as `api`, `migrations`. */
  readonly component: string;
  /** The Argo CD application it belongs to. */
  readonly partOf: string;
}

/** Labels that never change while the workload lives: the only ones a selector may use. */
export function selectorLabels({ name, instance, component, partOf }: Identity): Record<string, string> {
  return {
    'app.kubernetes.io/name': checkName('label app.kubernetes.io/name', name),
    'app.kubernetes.io/instance': checkName('label app.kubernetes.io/instance', instance),
    'app.kubernetes.io/component': checkName('label app.kubernetes.io/component', component),
    'app.kubernetes.io/part-of': checkName('label app.kubernetes.io/part-of', partOf),
  };
}

/** The selector's labels and the version, for metadata. A version is cut to what a label value holds, or left out. */
export function labels(identity: Identity, version: string): Record<string, string> {
  const value = version
    .replace(/[^-A-Za-z0-9_.]/g, '-')
    .replace(/^[-_.]+/, '')
    .slice(0, 63)
    .replace(/[-_.]+$/, '');
  return { ...selectorLabels(identity), ...(value === '' ? {} : { 'app.kubernetes.io/version': value }) };
}
