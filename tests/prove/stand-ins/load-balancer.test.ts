import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { balance } from '../../../prove/stand-ins/load-balancer/balancer.ts';
import type { Balancing } from '../../../prove/stand-ins/load-balancer/balancer.ts';
import { proxyHeader } from '../../../prove/stand-ins/load-balancer/proxy-header.ts';

const client = { address: '198.51.100.7', port: 40_000 };
const asked = { address: '203.0.113.20', port: 443 };

describe('the header of the PROXY protocol', () => {
  test('of version 1 is a line of text', () => {
    expect(proxyHeader('v1', client, asked).toString()).toBe('PROXY TCP4 198.51.100.7 203.0.113.20 40000 443\r\n');
    const six = { address: '2001:db8::7', port: 1 };
    expect(proxyHeader('v1', six, six).toString()).toBe('PROXY TCP6 2001:db8::7 2001:db8::7 1 1\r\n');
  });

  test('of version 2 has both ends in bytes', () => {
    const header = proxyHeader('v2', client, asked).toString('hex');
    expect(header).toBe('0d0a0d0a000d0a515549540a2111000cc6336407cb0071149c4001bb');
    const six = { address: '2001:db8::7', port: 1 };
    const address = '20010db8000000000000000000000007';
    expect(proxyHeader('v2', six, six).toString('hex').slice(24)).toBe(`21210024${address}${address}00010001`);
  });

  test('is empty for who speaks none', () => {
    expect(proxyHeader('none', client, asked)).toHaveLength(0);
  });
});

describe('the load balancer', () => {
  const nodes = ['127.0.0.2', '127.0.0.3'];
  const open: (net.Server | http.Server)[] = [];
  const health = new Map(nodes.map((node) => [node, 200]));
  let balancing: Balancing;
  let end: () => void;
  let lines: string[];

  beforeEach(async () => {
    lines = [];
    const listen = async (server: net.Server, address: string, port = 0) => {
      open.push(server);
      server.listen(port, address);
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    };
    const named = (node: string) => net.createServer((socket) => socket.end(`${node} `));
    const healthy = (node: string) => http.createServer((_, answer) => answer.writeHead(health.get(node) ?? 0).end());
    const [first = '', second = ''] = nodes;
    const targetPort = await listen(named(first), first);
    await listen(named(second), second, targetPort);
    const healthPort = await listen(healthy(first), first);
    await listen(healthy(second), second, healthPort);
    const port = await listen(net.createServer(), '127.0.0.1');
    open.pop()?.close();
    balancing = {
      listeners: [{ address: '127.0.0.1', port, targetPort, proxy: 'none' }],
      nodes,
      from: '127.0.0.1',
      health: { port: healthPort, path: '/', intervalMilliseconds: 20, timeoutMilliseconds: 5000, retries: 3 },
    };
    end = balance(balancing, (line) => lines.push(line));
    while (!lines.some((line) => line.startsWith('listening'))) await delay(5);
  });

  afterEach(() => {
    end();
    for (const server of open.splice(0)) server.close();
    for (const node of nodes) health.set(node, 200);
  });

  async function connectTo(): Promise<string> {
    const [listener] = balancing.listeners;
    const socket = net.connect(listener?.port ?? 0, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(socket, 'close');
    return text.trim();
  }

  test('leads connections to the nodes in turn', async () => {
    expect([await connectTo(), await connectTo(), await connectTo()]).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.2']);
  });

  test('leads none to a node whose answers say so, until they say otherwise', async () => {
    health.set('127.0.0.2', 503);
    while (!lines.includes('127.0.0.2 takes none')) await delay(5);
    expect([await connectTo(), await connectTo()]).toEqual(['127.0.0.3', '127.0.0.3']);
    health.set('127.0.0.2', 200);
    while (!lines.includes('127.0.0.2 takes connections')) await delay(5);
    expect(new Set([await connectTo(), await connectTo()]).size).toBe(2);
  });
});
