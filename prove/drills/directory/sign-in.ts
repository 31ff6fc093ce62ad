import fs from 'node:fs';
import path from 'node:path';
import { sambaDCDefaults, usualPasswordPolicy } from '../../../constructs/samba-dc/index.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { exec, getJson, tryKubectl } from '../../cluster/kubectl.ts';
import type { DirectoryServer } from '../../components/directory/server.ts';
import { webOf } from '../../components/web.ts';
import type { Web } from '../../components/web.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import { whoisCommand } from '../../../scripts/whois/command.ts';
import type { PlatformGround } from '../ground.ts';

/** Somebody who signs in. */
export interface Person {
  readonly name: string;
  readonly password: string;
}

interface Pods {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

/** A pod of the backend, which has what the platform gives it to sign people in. */
export class BackendClient {
  private readonly cluster: Cluster;
  private readonly backend: Web;
  private readonly pod: string;

  private constructor(cluster: Cluster, backend: Web, pod: string) {
    this.cluster = cluster;
    this.backend = backend;
    this.pod = pod;
  }

  static async of({ cluster, platform }: PlatformGround): Promise<BackendClient> {
    const backend = webOf(platform, 'backend');
    const { items } = await getJson<Pods>(cluster, ['pods', `--namespace=${backend.namespace}`, backend.selector]);
    const [first] = items;
    if (first === undefined) throw new ProvingError(`no pod of ${backend.namespace}/${backend.name}`);
    return new BackendClient(cluster, backend, first.metadata.name);
  }

  /** Signs in by LDAPS for so many seconds, once at least. @returns a line for each */
  async signIn(user: string, password: string, forSeconds = 0): Promise<readonly string[]> {
    const { namespace, workload } = this.backend;
    const [{ name: container }] = workload.props.containers;
    const program = fs.readFileSync(path.join(import.meta.dirname, 'files', 'bind.js'), 'utf8');
    const { status, stdout, stderr } = await exec(
      this.cluster,
      { namespace, name: this.pod, container },
      ['node', '-e', program, String(forSeconds)],
      { input: `${user}\n${password}\n`, timeout: forSeconds + 60 },
    );
    if (status !== 0) throw new ProvingError(`${this.pod} could not ask: ${stderr.trim()}`);
    return stdout.trim().split('\n');
  }

  /** What DNS tells its pod of a name, or the code of the error. */
  async resolve(type: 'A' | 'SRV', name: string): Promise<string> {
    const { namespace, workload } = this.backend;
    const [{ name: container }] = workload.props.containers;
    const program = `require('node:dns').resolve(process.argv[1], process.argv[2], (error, answers) => console.log(
      error ? error.code : answers.map((each) => (each.name ? each.name + ':' + each.port : each)).sort().join(', ')))`;
    const command = ['node', '-e', program, name, type];
    const { stdout, stderr } = await exec(this.cluster, { namespace, name: this.pod, container }, command, {
      timeout: 60,
    });
    return stdout.trim() || stderr.trim();
  }

  /** What the service account of the backend has for its password. */
  async ownPassword(): Promise<string> {
    const { namespace, workload } = this.backend;
    const [{ name: container }] = workload.props.containers;
    // Its image has no shell.
    const read = "process.stdout.write(require('node:fs').readFileSync(process.env.LDAP_BIND_PASSWORD_FILE))";
    const { status, stdout, stderr } = await exec(
      this.cluster,
      { namespace, name: this.pod, container },
      ['node', '-e', read],
      {},
    );
    if (status !== 0 || stdout.trim() === '') throw new ProvingError(`${this.pod} has no password: ${stderr.trim()}`);
    return stdout.trim();
  }
}

/** What a program of the backend's pod is told where the realm's directories are, by the names that every one of its clients asks. */
export async function byNames(client: BackendClient, server: DirectoryServer): Promise<readonly DrillCheck[]> {
  const { zone } = server.directory.names;
  const host = `${sambaDCDefaults.server.toLowerCase()}.${zone}`;
  const services = { _ldap: 389, _kerberos: 88 };
  const checks: DrillCheck[] = [];
  for (const [service, port] of Object.entries(services)) {
    const name = `${service}._tcp.${zone}`;
    checks.push({
      what: `who answers ${name}, as a pod is told`,
      expected: `${host}:${port}`,
      got: await client.resolve('SRV', name),
    });
  }
  return [
    ...checks,
    { what: `the address of ${host}`, expected: server.directory.names.address, got: await client.resolve('A', host) },
    {
      what: `a name that ${zone} does not have`,
      expected: 'ENOTFOUND',
      got: await client.resolve('A', `nobody.${zone}`),
    },
  ];
}

/** Of the first answer, as LDAP counts. */
export const codeOf = (lines: readonly string[]): string => lines[0]?.split(' ')[0] ?? 'nothing';

/** Refused for the password, as LDAP counts. */
const invalid = '49';

/** By LDAPS from the backend's own pod, and what is refused. */
export async function byLdaps(
  client: BackendClient,
  server: DirectoryServer,
  person: Person,
): Promise<readonly DrillCheck[]> {
  const { zone } = server.directory.names;
  const own = `backend@${zone}`;
  const user = `${person.name}@${zone}`;
  const ask = async (what: string, expected: string, as: string, password: string): Promise<DrillCheck> => ({
    what,
    expected,
    got: codeOf(await client.signIn(as, password)),
  });
  const plain = await server.script(
    'read -r password; ldapwhoami -x -H ldap://127.0.0.1 -D "$0" -w "$password" 2>&1 || true'.replace('$0', user),
    person.password,
  );
  return [
    await ask('the account that searches', '0', own, await client.ownPassword()),
    await ask('a person', '0', user, person.password),
    await ask('a person with a wrong password', invalid, user, `${person.password}x`),
    await ask('nobody with a password', invalid, `nobody@${zone}`, person.password),
    {
      what: 'a person without TLS',
      expected: 'Transport encryption required',
      got: /Transport encryption required/.exec(plain)?.[0] ?? plain.trim(),
    },
  ];
}

/** By Kerberos: a ticket of a person for the backend, its kind, and whether keys of the backend's password open it. */
export async function byKerberos(
  client: BackendClient,
  server: DirectoryServer,
  person: Person,
): Promise<readonly DrillCheck[]> {
  const endpoint = server.directory.directory('backend');
  const { keytab, realm } = endpoint;
  if (keytab === undefined) throw new ProvingError('the backend takes no tickets');
  const [principal = ''] = keytab.principals;
  const program = fs.readFileSync(path.join(import.meta.dirname, 'files', 'ticket.sh'), 'utf8');
  const printed = await server.run(
    ['bash', '-c', program, 'ticket', realm, person.name, principal, keytab.salt],
    `${person.password}\n${await client.ownPassword()}\n`,
  );
  const said = (what: string): string => new RegExp(`^${what}: (.*)$`, 'm').exec(printed)?.[1] ?? printed.trim();
  return [
    { what: 'encryption of a person’s ticket', expected: 'aes256-cts-hmac-sha1-96', got: said('ticket') },
    { what: 'keys of the backend’s password open the ticket', expected: 'yes', got: said('opened') },
    { what: 'another password’s keys open the ticket', expected: 'no', got: said('opened by others') },
    { what: 'a ticket with RC4', expected: 'refused', got: said('rc4') },
    { what: 'a wrong password', expected: 'refused', got: said('wrong') },
  ];
}

/** Takes the keys for AES away from an account, as from one whose password is older than they are. */
const forgetKeys = `
import os, sys
import ldb
from samba import dsdb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
settings = LoadParm()
settings.load(os.environ['SMB_CONF_PATH'])
database = SamDB(url=settings.private_path('sam.ldb'), session_info=system_session(settings), lp=settings)
found = database.search(base=database.domain_dn(), expression=f'(sAMAccountName={sys.argv[1]})', attrs=['cn'])
change = ldb.Message(found[0].dn)
change['keys'] = ldb.MessageElement([], ldb.FLAG_MOD_REPLACE, 'supplementalCredentials')
database.modify(change, [f'local_oid:{dsdb.DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID}:0'])
`;

/**
 * Wrong passwords until the account is locked, one that is disabled, one without a key for AES: one answer outside, and the reasons by
 * npm run whois, also on a computer whose clock is off.
 */
export async function explained(
  client: BackendClient,
  server: DirectoryServer,
  { name, password }: Person,
): Promise<readonly DrillCheck[]> {
  const user = `${name}@${server.directory.names.zone}`;
  const asked = async (minutesAhead = 0): Promise<string> => {
    let said = '';
    const context = {
      directoriesOf: () => [server.directory],
      kubectl: async (args: readonly string[]) => {
        const { status: code, stdout, stderr } = await tryKubectl(server.cluster, args);
        return { code, stdout, stderr };
      },
      now: () => new Date(Date.now() + minutesAhead * 60_000),
    };
    const output = {
      stdout: { write: (text: string) => (said += text) },
      stderr: { write: (text: string) => (said += text) },
    };
    await whoisCommand(context, [name], output);
    return said;
  };
  const reason = (said: string): string =>
    /(nothing here|it is locked|it is disabled|it has no key for AES)/.exec(said)?.[1] ?? said;
  const why = async (): Promise<string> => reason(await asked());
  const before = await why();
  const { lockoutThreshold } = usualPasswordPolicy;
  for (let number = 0; number < lockoutThreshold; number += 1) await client.signIn(user, `wrong${number}`);
  const locked = [codeOf(await client.signIn(user, password)), await why()];
  await server.run(['samba-tool', 'user', 'unlock', name]);
  const unlocked = codeOf(await client.signIn(user, password));
  await server.run(['samba-tool', 'user', 'disable', name]);
  const disabled = [codeOf(await client.signIn(user, password)), await why()];
  await server.run(['samba-tool', 'user', 'enable', name]);
  await server.run(['python3', '-c', forgetKeys, name]);
  const withoutKeys = [codeOf(await client.signIn(user, password)), await why()];
  await server.script(`read -r password; samba-tool user setpassword ${name} --newpassword="$password"`, password);
  const withKeys = codeOf(await client.signIn(user, password));
  const clocks = [0, 10, -10].map(
    async (minutes) => /(?:ahead of|behind) the directory's/.exec(await asked(minutes))?.[0],
  );
  return [
    { what: 'why a person can sign in', expected: 'nothing here', got: before },
    { what: 'a person who is locked, and why', expected: `${invalid}, it is locked`, got: locked.join(', ') },
    { what: 'the same when it is unlocked', expected: '0', got: unlocked },
    { what: 'a person who is disabled, and why', expected: `${invalid}, it is disabled`, got: disabled.join(', ') },
    {
      what: 'a person with keys for RC4 alone, and why',
      expected: `${invalid}, it has no key for AES`,
      got: withoutKeys.join(', '),
    },
    { what: 'the same with the same password, given again', expected: '0', got: withKeys },
    {
      what: 'what is said of the clock of a computer that is right, ten minutes ahead, and ten behind',
      expected: "nothing; ahead of the directory's; behind the directory's",
      got: (await Promise.all(clocks)).map((said) => said ?? 'nothing').join('; '),
    },
  ];
}
