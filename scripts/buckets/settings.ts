import type { WantedBucket } from './wanted.ts';

/** Something that a bucket is set to. */
export interface Setting {
  /** What it is about, for people. */
  readonly name: string;
  /** What it is to be, for people. */
  readonly wanted: string;
  readonly query: 'versioning' | 'object-lock' | 'lifecycle';
  /** What is sent where it is otherwise; undefined where this command leaves it to people. */
  readonly document: string | undefined;
  /** What the service calls it that nothing is set. */
  readonly unset: readonly string[];
  /** Whether it is as wanted; of an empty document where nothing is set. */
  readonly holds: (document: string) => boolean;
  /** Of one that is otherwise: what would be lost by setting it; undefined where nothing would. */
  readonly lost: (document: string) => string | undefined;
  /** Of one that is otherwise: why it is not ours to change. */
  readonly foreign: (document: string) => string | undefined;
}

/** In the order in which they are set: a lock and a lifecycle need versions. */
export function settingsOf({ lockDays, oldVersionsDays }: WantedBucket): Setting[] {
  return [versions, ...(lockDays === false ? [] : [lock(lockDays)]), lifecycle(oldVersionsDays)];
}

const nothing = (): undefined => undefined;

const element = (name: string, content: string): string =>
  `<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${name}>`;

const versions: Setting = {
  name: 'versions',
  wanted: 'every one is kept',
  query: 'versioning',
  document: element('VersioningConfiguration', '<Status>Enabled</Status>'),
  unset: [],
  holds: (document) => document.includes('<Status>Enabled</Status>'),
  lost: nothing,
  foreign: nothing,
};

function lock(days: number): Setting {
  const rule = `<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>${days}</Days></DefaultRetention></Rule>`;
  return {
    name: 'lock',
    wanted: `for ${days} days nobody deletes or overwrites`,
    query: 'object-lock',
    document: element('ObjectLockConfiguration', `<ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}`),
    unset: ['ObjectLockConfigurationNotFoundError', 'NoSuchObjectLockConfiguration'],
    holds: (document) => document.includes('<Mode>COMPLIANCE</Mode>') && lockedDays(document) === days,
    lost: (document) => {
      const now = lockedDays(document);
      return now > days ? `what is written from then on is locked for ${days} days, and not for ${now}` : undefined;
    },
    foreign: nothing,
  };
}

function lockedDays(document: string): number {
  return Number(/<Days>(\d+)</.exec(document)?.[1] ?? Number(/<Years>(\d+)</.exec(document)?.[1] ?? 0) * 365);
}

/** NoncurrentDays alone: Hetzner knows nothing else of old versions. Marks of what was deleted go with the last version. */
function lifecycle(days: number | false): Setting {
  const expiry = `<NoncurrentVersionExpiration><NoncurrentDays>${days}</NoncurrentDays></NoncurrentVersionExpiration>`;
  const marks = '<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>';
  const all = '<ID>old-versions</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>';
  return {
    name: 'old versions',
    wanted: days === false ? 'stay' : `go after ${days} days`,
    query: 'lifecycle',
    document: days === false ? undefined : element('LifecycleConfiguration', `<Rule>${all}${expiry}${marks}</Rule>`),
    unset: ['NoSuchLifecycleConfiguration'],
    holds: (document) =>
      strangeRules(document).length === 0 && expiryOf(document) === (days === false ? undefined : days),
    lost: (document) => {
      const now = expiryOf(document);
      if (days === false || (now !== undefined && now <= days)) return undefined;
      return `old versions go after ${days} days, which ${now === undefined ? 'stay' : `go after ${now}`} now`;
    },
    foreign: (document) => {
      const [strange] = strangeRules(document);
      if (strange !== undefined) return `it has a rule of somebody else: ${strange}`;
      return days === false ? 'old versions go there' : undefined;
    },
  };
}

/** Days after which old versions go; undefined where they stay. */
function expiryOf(document: string): number | undefined {
  const days = /<NoncurrentDays>(\d+)<\/NoncurrentDays>/.exec(document)?.[1];
  return days === undefined ? undefined : Number(days);
}

/** Rules that this command would not have written, in any of the ways in which services tell of them. */
function strangeRules(document: string): string[] {
  const rules = [...document.matchAll(/<Rule>([\s\S]*?)<\/Rule>/g)].map(([, rule = '']) => rule);
  const strange = /<(Days|Date|Transition|NoncurrentVersionTransition|NewerNoncurrentVersions|AbortIncomplete\w*)>/;
  return rules.filter((rule) => strange.test(rule) || /<Prefix>[^<]+<\/Prefix>/.test(rule) || rule.includes('<Tag>'));
}
