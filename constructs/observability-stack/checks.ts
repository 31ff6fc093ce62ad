import { severities as known } from '../core/alert.ts';
import type { Severity } from '../core/alert.ts';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { checkOptions } from '../core/option-names.ts';
import type { OptionNames, OptionParts } from '../core/option-names.ts';
import { isSecretKey } from '../core/secret-ref.ts';
import type { ObservabilityOptions } from './options.ts';
import type { AlertReceiver, Heartbeat, ObservabilityStackProps, RemoteWrite } from './props.ts';

export const optionNames: OptionNames<ObservabilityStackProps> = {
  image: 'required',
  kubeStateMetricsImage: 'required',
  alertmanagerImage: 'required',
  blackboxImage: 'required',
  cluster: 'required',
  kubernetesApi: 'required',
  kubelets: 'required',
  nodes: 'required',
  runbooks: 'required',
  receivers: 'required',
  heartbeat: 'required',
  publicPaths: true,
  statusPage: true,
  replicas: true,
  storage: 'size',
  storageClass: true,
  retentionDays: true,
  retentionSize: 'size',
  scrapeSeconds: true,
  remoteWrite: true,
  size: true,
  kubeStateMetricsSize: true,
  alertmanagerSize: true,
  blackboxSize: true,
};

const remoteWriteNames: OptionNames<RemoteWrite> = { to: 'required', credentials: 'required' };

const heartbeatNames: OptionNames<Heartbeat> = { url: 'required', endpoint: 'required' };

export const optionParts: OptionParts<ObservabilityStackProps> = {
  remoteWrite: remoteWriteNames,
  heartbeat: heartbeatNames,
};

const told: OptionNames<Pick<AlertReceiver, 'name' | 'severities' | 'kind'>> = {
  name: 'required',
  kind: 'required',
  severities: true,
};
const byUrl = { ...told, url: 'required', endpoint: 'required' } as const;
const byMail = { ...told, server: 'required', from: 'required', to: 'required', credentials: 'required' } as const;

const kinds: readonly string[] = ['webhook', 'chat', 'mail'] satisfies AlertReceiver['kind'][];

/** What each kind of receiver is given: the one's options are none of the other's. */
export function checkReceivers(receivers: readonly AlertReceiver[]): void {
  for (const receiver of receivers) {
    if (!kinds.includes(receiver.kind)) {
      throw new InputError({
        where: 'ObservabilityStack',
        what: `the kind of the receiver ${receiver.name}: ${receiver.kind}`,
        allowed: kinds.join(', '),
        remedy: 'name one of these: chat is what Slack and Mattermost take, and what others take goes by webhook',
      });
    }
    const where = `ObservabilityStack: receiver ${receiver.name}`;
    checkSeverities(where, receiver.severities);
    if (receiver.kind === 'mail') checkOptions(where, receiver, byMail);
    else checkOptions(where, receiver, byUrl);
  }
}

/** Of one that no alert has, nobody would be told. @throws InputError */
function checkSeverities(where: string, severities: unknown): void {
  if (severities === undefined) return;
  if (Array.isArray(severities) && severities.every((each) => known.includes(each as Severity))) return;
  throw new InputError({
    where,
    what: `severities: ${JSON.stringify(severities)}`,
    allowed: `a list of ${known.join(', ')}`,
    remedy: 'change it, or leave it out: page and ticket then',
  });
}

/** Names that are the stack's own. */
const reserved = ['heartbeat', 'nobody'];

type Rule = (options: ObservabilityOptions) => readonly Omit<Finding, 'where'>[];

/** @throws InputError with every option that can't be met */
export function checkObservability(options: ObservabilityOptions): void {
  const where = 'ObservabilityStack';
  const findings = rules.flatMap((rule) => rule(options).map((finding) => ({ where, ...finding })));
  if (findings.length > 0) throw new InputError(findings);
}

const whole = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

const rules: readonly Rule[] = [
  function replicasFitNodes({ replicas }) {
    if (whole(replicas, 1, 2)) return [];
    return [{ what: `replicas: ${replicas}`, allowed: '1 or 2: each reads everything', remedy: 'change replicas' }];
  },
  function retentionIsLessThanTheVolume({ retentionSize, storage }) {
    const [kept, volume] = [retentionSize.toMebibytes(), storage.toMebibytes()];
    // What is written last stands beside it, until it is a block too.
    if (kept > 0 && kept <= volume * 0.9) return [];
    return [
      {
        what: `${kept} MiB are kept on a volume of ${volume} MiB`,
        allowed: 'at most nine tenths of the volume: a full one ends all watching',
        remedy: 'lower retentionSize, or raise storage',
      },
    ];
  },
  function timesAreTimes({ retentionDays, scrapeSeconds }) {
    return [
      ...(whole(retentionDays, 1, 3650)
        ? []
        : [{ what: `retentionDays: ${retentionDays}`, allowed: '1 to 3650 days', remedy: 'change retentionDays' }]),
      ...(whole(scrapeSeconds, 15, 60)
        ? []
        : [
            {
              what: `scrapeSeconds: ${scrapeSeconds}`,
              allowed: '15 to 60: less is load, and with more, alerts over two minutes have no two numbers to compare',
              remedy: 'change scrapeSeconds',
            },
          ]),
    ];
  },
  function clusterIsAName({ cluster }) {
    if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(cluster)) return [];
    return [{ what: `cluster: ${cluster}`, allowed: 'lower-case letters, digits and dashes', remedy: 'change it' }];
  },
  function thereIsAServer({ nodes }) {
    if (nodes.some(({ role }) => role === 'server')) return [];
    return [{ what: 'nodes has no server', allowed: 'environment.nodes', remedy: 'give all nodes' }];
  },
  function receiversAreKnown({ receivers }) {
    const names = receivers.map(({ name }) => name);
    return receivers.flatMap((receiver, index) => {
      const { name } = receiver;
      const secret = receiver.kind === 'mail' ? receiver.credentials.password : receiver.url;
      return [
        ...(/^[a-z][a-z0-9-]*$/.test(name) && !reserved.includes(name) && names.indexOf(name) === index
          ? []
          : [
              {
                what: `the receiver ${name}`,
                allowed: `lower-case letters, digits and dashes, each once, and none of ${reserved.join(', ')}`,
                remedy: 'rename it',
              },
            ]),
        ...(isSecretKey(secret)
          ? []
          : [
              {
                what: `the receiver ${name} has no reference to a secret`,
                allowed: "a key of a SecretRef, such as secret.key('url'): whoever knows it can write in your name",
                remedy: 'declare a SecretRef, and give its key',
              },
            ]),
        ...(receiver.severities.length > 0
          ? []
          : [
              {
                what: `the receiver ${name} is told of nothing`,
                allowed: known.join(', '),
                remedy: 'add severities',
              },
            ]),
        ...(receiver.kind === 'mail' ? mailFindings(receiver) : []),
      ];
    });
  },
  function somebodyIsWoken({ receivers }) {
    if (receivers.some(({ severities }) => severities.includes('page'))) return [];
    return [{ what: 'no receiver is told of pages', allowed: 'one or more: else nobody is woken', remedy: 'add one' }];
  },
  function heartbeatIsAReference({ heartbeat }) {
    if (!heartbeat || isSecretKey(heartbeat.url)) return [];
    return [
      {
        what: 'the url of heartbeat is no key of a secret',
        allowed: "a reference, such as secret.key('heartbeat')",
        remedy: 'declare a SecretRef, and give its key',
      },
    ];
  },
  function pathsArePublic({ publicPaths, runbooks }) {
    return [
      ...publicPathFindings(publicPaths),
      ...(isUrl(runbooks) && !runbooks.endsWith('/')
        ? []
        : [
            {
              what: `runbooks: ${runbooks}`,
              allowed: 'https://HOST/PATH without a slash at its end',
              remedy: 'change it',
            },
          ]),
    ];
  },
  function remoteWriteHasAnAddress({ remoteWrite }) {
    if (!remoteWrite || /^https?:\/\/[^\s/]+\/\S*$/.test(remoteWrite.to.url)) return [];
    return [
      {
        what: `the url of remoteWrite: ${remoteWrite.to.url}`,
        allowed: 'a whole URL, such as https://metrics.example.com/api/v1/write',
        remedy: 'change it',
      },
    ];
  },
  function passwordIsAReference({ remoteWrite }) {
    if (!remoteWrite || isSecretKey(remoteWrite.credentials.password)) return [];
    return [
      {
        what: 'the password of remoteWrite is no key of a secret',
        allowed: "a reference, such as secret.key('password')",
        remedy: 'declare a SecretRef, and give its key',
      },
    ];
  },
];

const isUrl = (text: string): boolean => /^https:\/\/[a-z0-9.-]+(\/[^\s?#]*)?$/.test(text);

/** Whoever asks for them and whoever tells of them take the same. */
export function publicPathFindings(paths: readonly string[]): Omit<Finding, 'where'>[] {
  return paths
    .filter((url, index) => !isUrl(url) || paths.indexOf(url) !== index)
    .map((url) => ({ what: `the public path ${url}`, allowed: 'https://HOST/PATH, each once', remedy: 'change it' }));
}

function mailFindings({ name, from, to }: Extract<AlertReceiver, { kind: 'mail' }>): Omit<Finding, 'where'>[] {
  return Object.entries({ from, to })
    .filter(([, address]) => !/^[^\n]*[^\s@]@[^\s@][^\n]*$/.test(address))
    .map(([which, address]) => ({
      what: `the receiver ${name} has ${which}: ${address}`,
      allowed: 'an address of mail, such as alerts@example.com',
      remedy: 'change it',
    }));
}
