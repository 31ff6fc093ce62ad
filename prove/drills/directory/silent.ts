import type { DirectoryServer } from '../../components/directory/server.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import type { BackendClient, Person } from './sign-in.ts';

/** Sends a signal to every process of the Kerberos server. Prints how many there are. */
const signalKerberos = `
import os, signal, sys
from pathlib import Path
own, found = os.getpid(), 0
for folder in Path('/proc').glob('[0-9]*'):
    try:
        named = (folder / 'comm').read_text() + (folder / 'cmdline').read_text()
    except OSError:
        continue
    if 'kdc' in named and 'python3' not in named and int(folder.name) != own:
        os.kill(int(folder.name), getattr(signal, sys.argv[1]))
        found += 1
print(found)
`;

const readNumbers = `
from urllib.request import urlopen
print(urlopen('http://127.0.0.1:9119/metrics', timeout=10).read().decode())
`;

/** Kerberos hangs, and everything else goes on: the exporter tells the two apart, where the pod stays ready. */
export async function kerberosHangs(
  { report, signal }: PlatformGround,
  server: DirectoryServer,
  client: BackendClient,
  { name, password }: Person,
): Promise<readonly DrillCheck[]> {
  const send = (what: 'SIGSTOP' | 'SIGCONT') => server.run(['python3', '-c', signalKerberos, what]);
  const told = async (): Promise<string> => {
    const numbers = await server.run(['python3', '-c', readNumbers]);
    const of = (protocol: string) =>
      new RegExp(`^directory_answers\\{protocol="${protocol}"\\} (\\d)`, 'm').exec(numbers)?.[1];
    return `LDAPS ${of('ldaps') ?? 'unknown'}, Kerberos ${of('kerberos') ?? 'unknown'}`;
  };
  const before = await told();
  let stopped = '0';
  let got = '';
  let signedIn = '';
  await withCleanUp([() => send('SIGCONT')], async () => {
    stopped = (await send('SIGSTOP')).trim();
    await waitFor('the exporter to say that Kerberos is silent', { atMost: 90, every: 1000, signal }, async () => {
      got = await told();
      return got.endsWith('Kerberos 0');
    });
    signedIn = (await client.signIn(`${name}@${server.directory.names.zone}`, password))[0]?.split(' ')[0] ?? 'nothing';
  });
  report(`${stopped} processes of Kerberos stopped: ${got}`);
  const after = await waitFor('Kerberos to answer again', { atMost: 90, every: 1000, signal }, async () => {
    const now = await told();
    return now.endsWith('Kerberos 1') && now;
  });
  const all = 'LDAPS 1, Kerberos 1';
  return [
    { what: 'what the exporter says', expected: all, got: before },
    { what: 'what it says while Kerberos hangs', expected: 'LDAPS 1, Kerberos 0', got },
    { what: 'a person by LDAPS meanwhile', expected: '0', got: signedIn },
    { what: 'what it says when Kerberos goes on', expected: all, got: after },
  ];
}
