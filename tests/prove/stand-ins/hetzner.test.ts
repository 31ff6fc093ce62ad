import { setTimeout as pause } from 'node:timers/promises';
import { Hetzner } from '../../../prove/stand-ins/hetzner/index.ts';
import { targetsOf } from '../../../prove/stand-ins/hetzner/load-balancers.ts';
import { selects } from '../../../prove/stand-ins/hetzner/world.ts';

interface Answer {
  readonly status: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly [field: string]: unknown;
}

let hetzner: Hetzner;
beforeEach(async () => (hetzner = await Hetzner.start({ actionMilliseconds: 0 })));
afterEach(() => hetzner.stop());

async function call(method: string, path: string, body?: object, token = hetzner.token): Promise<Answer> {
  const options = { method, headers: { authorization: `Bearer ${token}` }, body: body && JSON.stringify(body) };
  const response = await fetch(`${hetzner.endpoint}/${path}`, options);
  const text = await response.text();
  return { status: response.status, ...(text === '' ? {} : (JSON.parse(text) as object)) };
}

/** @returns the number of what was made */
async function make(kind: string, body: object): Promise<number> {
  const answer = await call('POST', kind, body);
  const isMade = (value: unknown): value is { id: number } =>
    typeof value === 'object' && value !== null && 'id' in value && 'labels' in value;
  const made = Object.values(answer).find(isMade);
  expect(answer.error).toBeUndefined();
  return made?.id ?? 0;
}

const server = (name: string, more: object = {}) => ({
  ...{ name, server_type: 'ccx23', image: 'debian-13', location: 'fsn1', ...more },
});

async function network(): Promise<number> {
  const id = await make('networks', { name: 'private', ip_range: '10.10.0.0/16' });
  const subnet = { type: 'cloud', network_zone: 'eu-central', ip_range: '10.10.0.0/24' };
  await call('POST', `networks/${id}/actions/add_subnet`, subnet);
  return id;
}

async function balancer(): Promise<number> {
  return make('load_balancers', { name: 'edge', load_balancer_type: 'lb11', location: 'fsn1' });
}

describe("the stand-in for Hetzner's API", () => {
  test('lets nobody in without the token, and one that may read not write', async () => {
    const answers = [
      await call('GET', 'servers', undefined, 'wrong'),
      await call('POST', 'servers', server('a'), hetzner.readOnlyToken),
      await call('GET', 'servers', undefined, hetzner.readOnlyToken),
    ];
    expect(answers.map(({ error }) => error?.code)).toEqual(['unauthorized', 'token_readonly', undefined]);
  });

  test('does things in a while, and one at a time to a server', async () => {
    const slow = await Hetzner.start({ actionMilliseconds: 200 });
    const before = hetzner;
    hetzner = slow;
    const id = await make('servers', server('a'));
    const stateOf = async () => ((await call('GET', `servers/${id}`)).server as { status: string }).status;
    const [first, refused] = [await stateOf(), await call('POST', `servers/${id}/actions/poweroff`)];
    await pause(250);
    expect([first, refused.error?.code, await stateOf()]).toEqual(['initializing', 'locked', 'running']);
    await slow.stop();
    hetzner = before;
  });

  test('starts a server again whose type was changed', async () => {
    const id = await make('servers', server('a'));
    const stateOf = async () => ((await call('GET', `servers/${id}`)).server as { status: string }).status;
    await call('POST', `servers/${id}/actions/poweroff`);
    await pause(20);
    const before = await stateOf();
    await call('POST', `servers/${id}/actions/change_type`, { server_type: 'ccx33', upgrade_disk: false });
    await pause(20);
    expect([before, await stateOf()]).toEqual(['off', 'running']);
  });

  test('says of an address that nobody has that it is of nobody, and takes it without whose', async () => {
    const ipv4 = await make('primary_ips', { name: 'four', type: 'ipv4', location: 'fsn1', auto_delete: false });
    const kind = () => hetzner.world.all('primary_ips')[0]?.assignee_type;
    const before = kind();
    await make('servers', server('a', { public_net: { enable_ipv4: true, ipv4 } }));
    expect([before, kind()]).toEqual(['unassigned', 'server']);
  });

  test('makes no server of a type that is out of stock, withdrawn or unknown', async () => {
    hetzner.sellOut('ccx33', 'fsn1');
    hetzner.withdraw('ccx43');
    const types = ['ccx33', 'ccx43', 'cx22'];
    const answers = await Promise.all(
      types.map((server_type) => call('POST', 'servers', server(server_type, { server_type }))),
    );
    expect(answers.map(({ error }) => error?.code)).toEqual(['resource_unavailable', 'invalid_input', 'invalid_input']);
    expect((await call('POST', 'servers', server('b', { server_type: 'ccx33', location: 'nbg1' }))).status).toBe(201);
  });

  test('gives each name and each address once', async () => {
    const net = await network();
    const [a, b] = [await make('servers', server('a')), await make('servers', server('b'))];
    const attach = (id: number, ip: string) =>
      call('POST', `servers/${id}/actions/attach_to_network`, { network: net, ip });
    const action = async (answer: Answer): Promise<string | undefined> => {
      const { id } = answer.action as { id: number };
      return ((await call('GET', `actions/${id}`)).action as { error: { code: string } | null }).error?.code;
    };
    const codes = [
      (await call('POST', 'servers', server('a'))).error?.code,
      await action(await attach(a, '10.10.0.11')),
      await action(await attach(b, '10.10.0.11')),
      await action(await attach(b, '10.10.0.1')),
      await action(await attach(b, '10.10.9.1')),
    ];
    expect(codes).toEqual(['uniqueness_error', undefined, 'ip_not_available', 'ip_not_available', 'invalid_input']);
  });

  test('deletes nothing that is protected, and protects a server whole or not at all', async () => {
    const id = await make('servers', server('a'));
    const protect = (body: object) => call('POST', `servers/${id}/actions/change_protection`, body);
    const codes = [
      (await protect({ delete: true })).error?.code,
      (await protect({ delete: true, rebuild: true })).error?.code,
      (await call('DELETE', `servers/${id}`)).error?.code,
    ];
    expect(codes).toEqual(['invalid_input', undefined, 'protected']);
  });

  test('lets a server have public addresses that stay when it goes, each of them once', async () => {
    const address = { assignee_type: 'server', location: 'fsn1', auto_delete: false };
    const ipv4 = await make('primary_ips', { name: 'four', type: 'ipv4', ...address });
    const ipv6 = await make('primary_ips', { name: 'six', type: 'ipv6', ...address });
    const public_net = { enable_ipv4: true, ipv4, enable_ipv6: true, ipv6 };
    const id = await make('servers', server('a', { public_net }));
    const shown = () => hetzner.world.all('servers')[0]?.public_net as { ipv4: { ip: string } };
    const before = shown().ipv4.ip;
    const codes = [
      await call('POST', 'servers', server('b', { public_net })),
      await call('POST', 'servers', server('b', { public_net: { ...public_net, ipv4: ipv6 } })),
      await call('DELETE', `primary_ips/${ipv4}`),
    ];
    expect(codes.map(({ error }) => error?.code)).toEqual([
      'primary_ip_assigned',
      'primary_ip_version_mismatch',
      'resource_in_use',
    ]);
    await call('DELETE', `servers/${id}`);
    await call('GET', 'servers');
    await make('servers', server('a', { public_net }));
    expect(shown().ipv4.ip).toBe(before);
  });

  test('keeps what is in use', async () => {
    const firewall = await make('firewalls', { name: 'none', rules: [] });
    const id = await make('servers', server('a', { firewalls: [{ firewall }] }));
    const volume = await make('volumes', { name: 'data', size: 10, location: 'fsn1' });
    await call('POST', `volumes/${volume}/actions/attach`, { server: id });
    await call('GET', 'servers');
    const codes = [await call('DELETE', `firewalls/${firewall}`), await call('DELETE', `volumes/${volume}`)];
    expect(codes.map(({ error }) => error?.code)).toEqual(['resource_in_use', 'locked']);
    await call('DELETE', `servers/${id}`);
    await call('GET', 'servers');
    expect([
      (await call('DELETE', `firewalls/${firewall}`)).status,
      (await call('DELETE', `volumes/${volume}`)).status,
    ]).toEqual([204, 204]);
  });

  test('attaches no volume from another location, and makes none smaller', async () => {
    const id = await make('servers', server('a'));
    const volume = await make('volumes', { name: 'data', size: 20, location: 'nbg1' });
    const codes = [
      await call('POST', `volumes/${volume}/actions/attach`, { server: id }),
      await call('POST', `volumes/${volume}/actions/resize`, { size: 10 }),
      await call('POST', 'volumes', { name: 'small', size: 5, location: 'nbg1' }),
    ];
    expect(codes.map(({ error }) => error?.code)).toEqual(['invalid_input', 'invalid_input', 'invalid_input']);
  });

  test('takes no health check by https', async () => {
    const id = await balancer();
    const add = (protocol: string, listen_port: number) =>
      call('POST', `load_balancers/${id}/actions/add_service`, {
        ...{ protocol: 'tcp', listen_port, destination_port: 30_443, health_check: { protocol, port: 30_081 } },
      });
    expect([
      (await add('https', 443)).error?.message,
      (await add('http', 443)).error,
      (await add('tcp', 443)).error?.code,
    ]).toEqual([expect.stringContaining('has to be tcp or http'), undefined, 'source_port_already_used']);
  });

  test('leads to private addresses only from within the network, and finds servers by their labels', async () => {
    const [net, id] = [await network(), await balancer()];
    const selector = { type: 'label_selector', label_selector: { selector: 'role!=witness' }, use_private_ip: true };
    const add = () => call('POST', `load_balancers/${id}/actions/add_target`, selector);
    const refused = await add();
    await call('POST', `load_balancers/${id}/actions/attach_to_network`, { network: net, ip: '10.10.0.2' });
    await call('GET', 'servers');
    await add();
    await make('servers', server('a', { labels: { role: 'server' } }));
    await make('servers', server('b', { labels: { role: 'witness' } }));
    expect(refused.error?.code).toBe('load_balancer_not_attached_to_network');
    expect(targetsOf(hetzner.world, hetzner.world.find('load_balancers', id)).map(({ name }) => name)).toEqual(['a']);
  });

  test('answers for names: values of their type, each set once', async () => {
    await make('zones', { name: 'example.com', mode: 'primary' });
    const add = (name: string, type: string, value: string) =>
      call('POST', 'zones/example.com/rrsets', { name, type, records: [{ value }] });
    const codes = [
      await add('shop', 'A', '192.0.2.1'),
      await add('shop', 'A', '192.0.2.2'),
      await add('shop', 'AAAA', '192.0.2.1'),
      await add('@', 'CAA', 'letsencrypt.org'),
      await add('@', 'CAA', '0 issue "letsencrypt.org"'),
    ];
    expect(codes.map(({ error }) => error?.code)).toEqual([
      undefined,
      'uniqueness_error',
      'invalid_input',
      'invalid_input',
      undefined,
    ]);
    expect((await call('GET', 'zones/example.com/rrsets/shop/A')).rrset).toMatchObject({
      records: [{ value: '192.0.2.1' }],
    });
  });

  test('says that there were too many requests, and lets an action fail, once each', async () => {
    hetzner.limited = 1;
    expect([(await call('GET', 'servers')).error?.code, (await call('GET', 'servers')).status]).toEqual([
      'rate_limit_exceeded',
      200,
    ]);
    hetzner.world.failing.add('create_server');
    await make('servers', server('a'));
    await make('servers', server('b'));
    const { actions } = (await call('GET', 'actions')) as unknown as { actions: { status: string }[] };
    expect(actions.map(({ status }) => status)).toEqual(['error', 'success']);
  });

  test('answers in pages', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) await make('servers', server(name));
    const page = await call('GET', 'servers?page=2&per_page=2');
    expect(page).toMatchObject({ servers: [{ name: 'c' }], meta: { pagination: { next_page: null, last_page: 2 } } });
  });

  test('says what it does not have', async () => {
    const id = await make('servers', server('a'));
    const answers = [
      await call('GET', 'isos/1'),
      await call('POST', `servers/${id}/actions/dance`),
      await call('GET', 'servers/1'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  });
});

test('a selector asks for labels by value, presence and lists', () => {
  const labels = { environment: 'production', role: 'server' };
  const selectors = [
    'environment=production',
    'environment==production,role!=witness',
    'role',
    '!other',
    'role in (agent, server)',
  ];
  expect(selectors.filter((selector) => !selects(selector, labels))).toEqual([]);
  const others = ['environment=staging', 'role!=server', 'other', '!role', 'role in (agent)', 'role not in (server)'];
  expect(others.filter((selector) => selects(selector, labels))).toEqual([]);
});
