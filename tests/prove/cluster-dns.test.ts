import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { buildPlatform } from '../../apps/platform.ts';
import { environmentInput } from '../../config/index.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import { ownFile } from '../../prove/cluster/own-files.ts';
import { freePorts } from '../../prove/machine/processes.ts';
import { committed } from '../support/committed.ts';
import { built } from '../support/built.ts';
import { only } from '../support/harness.ts';

const coredns = built('coredns');

interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
  readonly outside?: boolean;
}

const plain: Pod = { namespace: 'shop', name: 'backend-5d8f-x2x4b', address: '127.0.0.10' };
const wired: Pod = { namespace: 'data', name: 'postgres-0', address: '127.0.0.11', outside: true };
const fetcher: Pod = { namespace: 'argocd', name: 'argocd-repo-server-6d5b-abcde', address: '127.0.0.12' };
const namesake: Pod = { namespace: 'shop', name: 'argocd-repo-server-6d5b-abcde', address: '127.0.0.13' };
const unknown = '127.0.0.99';

/** Answers a watch of a kind as an API server does that sends what is there first. */
function api(): http.Server {
  const object = (kind: string, metadata: object, more: object = {}) => ({ kind, metadata, ...more });
  const pods = [plain, wired, fetcher, namesake];
  const held: Readonly<Record<string, (selector: string) => readonly object[]>> = {
    namespaces: () => ['shop', 'default'].map((name) => object('Namespace', { name })),
    services: () => {
      const spec = { clusterIP: '10.43.0.7', clusterIPs: ['10.43.0.7'], ports: [{ name: 'http', port: 80 }] };
      return [object('Service', { name: 'web', namespace: 'shop' }, { spec })];
    },
    endpointslices: () => [],
    pods: (selector) =>
      pods
        .filter(({ outside }) => selector !== 'diptych/names notin (outside)' || outside !== true)
        .map(({ namespace, name, address }) =>
          object(
            'Pod',
            { namespace, name },
            { spec: {}, status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] } },
          ),
        ),
  };
  return http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://api');
    const kind = pathname.slice(pathname.lastIndexOf('/') + 1);
    const group = kind === 'endpointslices' ? 'discovery.k8s.io/v1' : 'v1';
    const send = (type: string, each: object) => {
      const { metadata, ...rest } = each as { readonly metadata: object };
      const whole = { apiVersion: group, ...rest, metadata: { resourceVersion: '5', ...metadata } };
      response.write(`${JSON.stringify({ type, object: whole })}\n`);
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    const there = held[kind]!(searchParams.get('labelSelector') ?? '');
    for (const each of there) send('ADDED', each);
    const kinds: Readonly<Record<string, string>> = {
      ...{ namespaces: 'Namespace', services: 'Service', pods: 'Pod', endpointslices: 'EndpointSlice' },
    };
    send('BOOKMARK', object(kinds[kind]!, { annotations: { 'k8s.io/initial-events-end': 'true' } }));
  });
}

/** Knows every name. @param tell is told what it was asked, and says whether it answers */
function nameServer(tell: (name: string) => boolean): dgram.Socket {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  return socket.on('message', (message, { port: to, address }) => {
    const labels: string[] = [];
    let at = 12;
    for (; message[at] !== 0; at += message[at]! + 1)
      labels.push(message.toString('latin1', at + 1, at + 1 + message[at]!));
    if (!tell(labels.join('.').toLowerCase())) return;
    const question = message.subarray(12, at + 5);
    const header = Buffer.from([message[0]!, message[1]!, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 10]);
    socket.send(Buffer.concat([header, question, record]), to, address);
  });
}

const codes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

const environment = 'production';

/** Files of CoreDNS by name: ours as they are committed; and what K3s' own imports, beside what it has. */
const configurations = {
  ours: () => only(manifestsOf('cluster-system'), 'ConfigMap', 'coredns-settings').data as Files,
  k3s: () => {
    const platform = buildPlatform(environment, { changes: { clusterDns: 'k3s' } });
    const manifests = platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
    const custom = only(manifests, 'ConfigMap', 'coredns-custom').data as Files;
    return {
      ...Object.fromEntries(Object.entries(custom).map(([name, text]) => [`custom/${name}`, text])),
      Corefile: ownFile('Corefile'),
      NodeHosts: '10.0.0.1 node1\n',
    };
  },
} as const;

type Files = Readonly<Record<string, string>>;
const manifestsOf = (application: string) =>
  committed(`dist/${environment}/${application}`).map(({ manifest }) => manifest);
/** Of the directory. */
const zone = `ad.${environmentInput(environment).domain}`;

(coredns === undefined ? describe.skip : describe).each(['ours', 'k3s'] as const)(
  'the configuration, in a real CoreDNS of %s',
  (whose) => {
    let folder: string;
    let server: http.Server;
    let dns: ChildProcess;
    let port: number;
    /** Stands for the name servers of the world: it knows every name, and tells what it was asked. */
    let world: dgram.Socket;
    const asked: string[] = [];
    /** Stands for the directory's name server. */
    let directory: dgram.Socket;
    let answers = true;
    const askedOfDirectory: string[] = [];

    const query = (name: string, type: number): Buffer =>
      Buffer.concat([
        Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ...name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]),
        Buffer.from([0, 0, type, 0, 1]),
      ]);

    /** What a client at an address is told, such as `NOERROR`. */
    async function ask(from: string, name: string, type = 1): Promise<string> {
      const socket = dgram.createSocket('udp4').bind(0, from);
      // A server that has just become ready may not have heard the first one: whoever resolves asks again.
      const send = () => socket.send(query(name, type), port, '127.0.0.1');
      const again = setInterval(send, 1000);
      try {
        await once(socket, 'listening');
        const answer = once(socket, 'message', { signal: AbortSignal.timeout(30_000) });
        send();
        const [message] = (await answer) as [Buffer];
        return codes[message[3]! & 15]!;
      } finally {
        clearInterval(again);
        socket.close();
      }
    }

    beforeAll(async () => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-dns-'));
      server = api().listen(0, '127.0.0.1');
      world = nameServer((name) => asked.push(name) > 0);
      directory = nameServer((name) => askedOfDirectory.push(name) > 0 && answers);
      await Promise.all([server, world, directory].map((each) => once(each, 'listening')));
      const [own = 0, ready = 0, health = 0, metrics = 0] = await freePorts(4);
      port = own;
      /** What is other than in a cluster: ports, files and where the API and the world are. */
      const here = (text: string): string =>
        text
          .replaceAll(':53 {', `:${own} {`)
          .replaceAll(/forward \. 10\.43\.0\.53 /g, `forward . 127.0.0.1:${directory.address().port} `)
          .replaceAll(
            /^( *)kubernetes .*\{$/gm,
            `$&\n$1    endpoint http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          )
          .replaceAll('/etc/resolv.conf', `127.0.0.1:${world.address().port}`)
          .replaceAll('/etc/coredns', folder)
          .replaceAll(':9153', `127.0.0.1:${metrics}`)
          .replaceAll(/^( *)ready$/gm, `$1ready 127.0.0.1:${ready}`)
          .replaceAll(/^( *)health$/gm, `$1health 127.0.0.1:${health}`);
      fs.mkdirSync(path.join(folder, 'custom'));
      for (const [name, text] of Object.entries(configurations[whose]()))
        fs.writeFileSync(path.join(folder, name), here(text));
      dns = spawn(coredns!, ['-conf', path.join(folder, 'Corefile')], { stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [dns.stdout, dns.stderr]) stream?.on('data', (text) => (said += String(text)));
      for (let tries = 0; tries < 200; tries += 1) {
        const answer = await fetch(`http://127.0.0.1:${ready}/ready`).catch(() => undefined);
        if (answer?.ok) return;
        if (dns.exitCode !== null) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`CoreDNS does not get ready: ${said}`);
    });

    afterAll(async () => {
      if (dns.exitCode === null) {
        dns.kill('SIGKILL');
        await once(dns, 'exit');
      }
      world.close();
      directory.close();
      server.closeAllConnections();
      server.close();
      fs.rmSync(folder, { recursive: true });
    });

    const inCluster = 'web.shop.svc.cluster.local';

    test.each([plain, wired, fetcher, namesake])(
      '$namespace/$name is told names of the cluster',
      async ({ address }) => {
        expect([await ask(address, inCluster), await ask(address, `nobody.${inCluster}`)]).toEqual([
          'NOERROR',
          'NXDOMAIN',
        ]);
      },
    );

    test.each([
      ['a pod with a wire', wired.address, 'NOERROR'],
      ['the pod that fetches the platform, by its name', fetcher.address, 'NOERROR'],
      ['a pod that is too new to be known', unknown, 'NOERROR'],
      ['a pod without a wire', plain.address, 'REFUSED'],
      ['a pod of that name in another namespace', namesake.address, 'REFUSED'],
    ])('%s is told names of the world: %s %s', async (_, address, word) => {
      const name = `x${address.replaceAll('.', '-')}.example.com`;
      expect([await ask(address, name), asked.includes(name)]).toEqual([word, word === 'NOERROR']);
    });

    test.each([
      ['a tunnel', 'aGVsbG8.tunnel.example', 16],
      ['a name in capitals', 'GitHub.COM', 1],
      ['a name that looks like one of the cluster', 'x.evilcluster.local', 1],
      ['a name with the cluster in it', 'web.shop.svc.cluster.local.example.com', 1],
      ['a node', 'node1', 1],
      ['the root', 'com', 2],
    ])('a pod without a wire is refused %s', async (_, name, type) => {
      expect([await ask(plain.address, name, type), asked.includes(name.toLowerCase())]).toEqual(['REFUSED', false]);
    });

    test.each([plain, wired, fetcher])('$namespace/$name is told no name of an address', async ({ address }) => {
      expect(await ask(address, '7.0.43.10.in-addr.arpa', 12)).toBe('REFUSED');
      expect(await ask(address, '8.8.8.8.in-addr.arpa', 12)).toBe('REFUSED');
    });

    test.each([plain, wired])(
      '$namespace/$name is told names of the realm, by the directory alone',
      async ({ address }) => {
        const name = `x${address.replaceAll('.', '-')}.${zone}`;
        expect(await ask(address, `_ldap._tcp.${name}`, 33)).toBe('NOERROR');
        expect([askedOfDirectory.includes(`_ldap._tcp.${name}`), asked.some((each) => each.endsWith(zone))]).toEqual([
          true,
          false,
        ]);
      },
    );

    test('names of the realm alone fail while the directory is away, and soon without asking it', async () => {
      answers = false;
      let name = '';
      // Whoever are the first find out.
      for (let number = 0; number < 10; number += 1) {
        name = `away${number}.${zone}`;
        expect(await ask(wired.address, name)).toBe('SERVFAIL');
        if (!askedOfDirectory.includes(name)) break;
      }
      expect(askedOfDirectory).not.toContain(name);
      expect(await ask(wired.address, 'others.example.com')).toBe('NOERROR');
      expect(await ask(wired.address, inCluster)).toBe('NOERROR');
    });

    test('nobody is told of pods by the zone in which CoreDNS keeps them', async () => {
      expect(await ask(wired.address, '127-0-0-10.shop.pod.pods.invalid')).toBe('REFUSED');
    });
  },
);
