import type { Part } from '../../results/index.ts';
import type { Cloudflare } from '../../stand-ins/cloudflare/index.ts';
import type { Hetzner } from '../../stand-ins/hetzner/index.ts';
import { Checks } from './checks.ts';
import { list } from './life.ts';
import type { Values } from './life.ts';
import type { Tofu } from './tofu.ts';

export interface CloudflareGround {
  readonly tofu: Tofu;
  readonly cloudflare: Cloudflare;
  readonly hetzner: Hetzner;
  readonly values: Values;
}

/** Records at Cloudflare, of what the machines' state says: made, put back, refused, and taken away. */
export async function cloudflareOf(ground: CloudflareGround, report: (line: string) => void): Promise<Part> {
  const checks = new Checks();
  const { tofu, cloudflare } = ground;
  const zone = { zone_id: cloudflare.zone };
  const theirs = cloudflare.add({
    name: ground.values.dns.zone,
    type: 'TXT',
    content: 'somebody else wrote this',
    ttl: 300,
  });

  report('records at Cloudflare');
  const records = await tofu.beside('cloudflare');
  checks.succeeds('tofu validate of cloudflare/', await records.run(['validate']));
  checks.succeeds('tofu test of cloudflare/', await records.run(['test'], { TF_WORKSPACE: 'default' }));
  const values = await tofu.output<object>('cloudflare');
  records.values = values;
  checks.fails(
    'a plan by the name of a zone',
    await records.plan({ zone_id: ground.values.dns.zone }),
    'The number of a zone is 32',
  );
  const stranger = { ...values, records: { 'a A': { host: 'shop.example.org', type: 'A', value: '192.0.2.1' } } };
  records.values = stranger;
  checks.fails('a plan with a host of another zone', await records.plan(zone), 'Every host has to be in the zone');
  records.values = values;
  const nobody = await records.run(['apply', '-input=false', '-auto-approve', ...records.given(zone)], {
    CLOUDFLARE_API_TOKEN: 'wrong',
  });
  checks.fails('apply with a wrong token', nobody, 'Authentication error');
  checks.same('records after what was refused', String(cloudflare.records.size), '1');
  checks.succeeds('apply of cloudflare/', await records.apply(zone));
  checks.same('records at Cloudflare', told(cloudflare, theirs.id), wanted(ground));
  checks.same('a second plan of cloudflare/', list(await records.changes(zone)), 'nothing');

  report('somebody changes a record');
  const host = [...cloudflare.records.values()].find(({ type }) => type === 'A');
  if (host !== undefined) cloudflare.records.set(host.id, { ...host, content: '192.0.2.99', proxied: true });
  checks.same('a plan after it', (await records.changes(zone)).map(({ actions }) => actions.join()).join(), 'update');
  checks.succeeds('apply after it', await records.apply(zone));
  checks.same('records then', told(cloudflare, theirs.id), wanted(ground));

  report('taking the records away');
  checks.succeeds('destroy of cloudflare/', await records.destroy(zone));
  checks.same(
    'records that are left',
    [...cloudflare.records.values()].map(({ content }) => content).join(),
    theirs.content,
  );
  return { figures: {}, checks: checks.all };
}

function told({ records }: Cloudflare, except: string): string {
  return sorted(
    [...records.values()]
      .filter(({ id }) => id !== except)
      .map(({ name, type, content, ttl, proxied }) => `${name} ${ttl} ${type} ${content}${proxied ? ' proxied' : ''}`),
  );
}

/** Each host at the addresses that its load balancer has at Hetzner, and who may give out certificates. */
function wanted({ hetzner, values }: CloudflareGround): string {
  const hosts = Object.entries(values.load_balancers).flatMap(([name, each]) => {
    const balancer = hetzner.world
      .all('load_balancers')
      .find((other) => other.name === `${values.environment}-${name}`);
    const { ipv4, ipv6 } = balancer?.public_net as Record<'ipv4' | 'ipv6', { ip: string }>;
    return each.hosts.flatMap((host) => [`${host} 300 A ${ipv4.ip}`, `${host} 300 AAAA ${ipv6.ip}`]);
  });
  const authorities = ['issue', 'issuewild'].map((tag) => `${values.dns.domain} 3600 CAA 0 ${tag} "letsencrypt.org"`);
  return sorted([...hosts, ...authorities]);
}

function sorted(lines: readonly string[]): string {
  return [...lines].sort().join('; ');
}
