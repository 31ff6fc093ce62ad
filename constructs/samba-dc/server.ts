import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import { secretFile } from '../core/container.ts';
import type { ContainerProps } from '../core/container.ts';
import { serverEndpoint } from '../core/endpoint.ts';
import { persistentVolumeClaim } from '../core/pod-volume.ts';
import type { PodVolume } from '../core/pod-volume.ts';
import { execProbes } from '../core/probes.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Workload } from '../core/workload.ts';
import type { Archive, Life } from '../stateful/index.ts';
import { restoring } from './backup.ts';
import { administratorKey } from './defaults.ts';
import { exporter } from './exporter.ts';
import type { DirectoryOptions } from './options.ts';
import { identityOf, kerberosFiles, paths, ports, script } from './paths.ts';
import type { SambaDCProps } from './props.ts';

const folder = path.join(import.meta.dirname, 'files');
const settings = ['smb.conf', 'krb5.conf', 'kdc.conf'];

/** What Samba itself reads, and the Kerberos that it was built with. */
export function configurationOf(construct: Construct, { scope }: Life, options: DirectoryOptions): ConfigFiles {
  return new ConfigFiles(construct, 'settings', {
    name: `${scope}-settings`,
    data: Object.fromEntries(settings.map((file) => [file, filled(file, options)])),
  });
}

export interface ServerParts {
  readonly life: Life;
  readonly options: DirectoryOptions;
  readonly certificate: PodVolume;
  readonly configuration: ConfigFiles;
  readonly archive: Archive | false;
}

/** The StatefulSet of one: a second server on the same volume would damage it. */
export function server(construct: Construct, props: SambaDCProps, parts: ServerParts): Workload {
  const { life, options, certificate, archive } = parts;
  const { scope: name } = life;
  const carrier = archive ? archive.carrier : undefined;
  const workload = new Workload(construct, 'server', {
    name,
    program: 'samba-dc',
    component: 'directory',
    controller: {
      kind: 'StatefulSet',
      replicas: 1,
      serviceName: `${name}-pods`,
      volumeClaims: [persistentVolumeClaim('data', props.storage, options.storageClass)],
    },
    containers: [samba(construct, props, parts), exporter(construct, props.image, life, options.realm)],
    ...(carrier ? { initContainers: [carrier.container] } : {}),
    volumes: {
      run: { sizeLimit: Size.mebibytes(64), inMemory: true },
      told: { sizeLimit: Size.mebibytes(1), inMemory: true },
      certificate,
      ...carrier?.volumes,
    },
    dataFormat: {
      program: 'Samba',
      major: 4,
      recoveredFrom: life.recovery && life.scopeOf(life.recovery.from),
      identity: { realm: options.realm, domain: options.domain, server: options.server },
      empty: life.empty,
      encrypted: archive ? archive.encrypted : undefined,
      runbook: 'directory-recovery',
    },
    priority: 'critical-data',
    spread: 'anywhere',
    // The ports of Kerberos and LDAP are below 1024, and it is nobody's root.
    lowestPort: ports.dns,
    terminationGracePeriodSeconds: 60,
    // Its data is on its node: there is nowhere to go.
    leaveLostNodeAfterSeconds: false,
  });
  if (archive) workload.observes(archive.bucket.endpoint, 'looks for backups before it begins');
  const { dnsForwarder } = options;
  if (dnsForwarder !== false) {
    const forwarder = { host: dnsForwarder, port: ports.dns };
    const endpoint = serverEndpoint(`the name server ${dnsForwarder}`, forwarder);
    const both = (['TCP', 'UDP'] as const).flatMap((protocol) =>
      endpoint.targets.map((target) => ({ ...target, protocol })),
    );
    workload.observes({ ...endpoint, targets: both }, 'asks for names outside of its realm');
  }
  workload.object.addJsonPatch(...(props.patches ?? []));
  return workload;
}

function samba(construct: Construct, props: SambaDCProps, parts: ServerParts): ContainerProps {
  const { life, options, configuration, archive } = parts;
  const { name, scope } = life;
  const restore = archive ? restoring(archive) : undefined;
  const administrator = life.secret('administrator', {
    name: `${name}-administrator`,
    purpose: `may do everything in the directory ${options.realm}`,
    keys: { password: administratorKey },
  });
  return {
    name: 'samba',
    image: props.image,
    command: [script('start.sh')],
    environment: {
      ...identityOf(options),
      ADDRESS: options.address,
      VOLUME: paths.data,
      SETTINGS: paths.settings,
      DATA: paths.accounts,
      CERTIFICATE: paths.certificate,
      RUN: paths.run,
      TOLD: paths.told,
      // Of Samba's own tools too, for whoever uses them in the pod.
      SMB_CONF_PATH: `${paths.data}/etc/smb.conf`,
      ...kerberosFiles,
      ...restore?.environment,
    },
    secretFiles: {
      ADMINISTRATOR_PASSWORD_FILE: administrator.key('password'),
      ...passwordsOf(options),
      ...restore?.secretFiles,
    },
    ports: [
      { name: 'dns', port: ports.dns },
      { name: 'dns-udp', port: ports.dns, protocol: 'UDP' },
      { name: 'kerberos', port: ports.kerberos },
      { name: 'kerberos-udp', port: ports.kerberos, protocol: 'UDP' },
      { name: 'ldaps', port: ports.ldaps },
    ],
    resources: { cpuRequest: options.cpuRequest, memory: options.memory, because: options.because },
    probes: execProbes(
      { live: [script('probe.sh'), 'live'], ready: [script('probe.sh'), 'ready'] },
      // A domain that is begun: 6 s of work, 115 s of it on a busy disk were seen.
      {
        startup: { withinSeconds: 600 },
        readiness: { periodSeconds: 5, timeoutSeconds: 5 },
        liveness: { timeoutSeconds: 5 },
      },
    ),
    files: {
      [paths.settings]: configuration,
      [paths.accounts]: new ConfigFiles(construct, 'data', {
        name: `${scope}-data`,
        data: { 'directory.json': `${JSON.stringify(dataOf(options), null, 2)}\n` },
        // Applied to the running server.
        reloaded: true,
      }),
      [paths.scripts]: new ConfigFiles(construct, 'scripts', {
        name: `${scope}-scripts`,
        folder,
        pick: [
          ...fs.readdirSync(path.join(folder, 'dc')).flatMap((file) => (settings.includes(file) ? [] : `dc/${file}`)),
          ...(restore?.scripts ?? []),
        ],
        data: restore?.data ?? {},
        executable: true,
      }),
    },
    mounts: [
      { volume: 'data', path: paths.data },
      { volume: 'run', path: paths.run },
      { volume: 'told', path: paths.told },
      { volume: 'certificate', path: paths.certificate, readOnly: true },
      ...(restore?.mounts ?? []),
    ],
    writableDirectories: [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }],
  };
}

/** By variables, which nobody reads: the files are what the data names. */
function passwordsOf({ serviceAccounts }: DirectoryOptions): Record<string, SecretKeyReference> {
  return Object.fromEntries(
    serviceAccounts.map(({ name, password }) => [
      `PASSWORD_OF_${name.toUpperCase().replaceAll('-', '_')}_FILE`,
      password,
    ]),
  );
}

function filled(file: string, { realm, domain, server, zone, dnsForwarder }: DirectoryOptions): string {
  const values: Readonly<Record<string, string>> = {
    ...{ realm, domain, server, zone },
    forwarder: dnsForwarder === false ? '# No other name server is asked.' : `dns forwarder = ${dnsForwarder}`,
  };
  const text = fs.readFileSync(path.join(folder, 'dc', file), 'utf8');
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? '');
}

/** What files/dc/reconcile.py brings about. */
function dataOf({ zone, address, passwordPolicy, units, groups, serviceAccounts }: DirectoryOptions) {
  return {
    zone,
    address,
    policy: passwordPolicy,
    units,
    groups: groups.map(({ name, unit = '', description = '', members = [] }) => ({ name, unit, description, members })),
    accounts: serviceAccounts.map(({ name, unit = '', purpose, principals = [], groups: of = [], password }) => ({
      ...{ name, unit, purpose, principals, groups: of },
      passwordFile: secretFile(password),
    })),
  };
}
