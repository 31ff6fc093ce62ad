import { edgeManifests } from '../../support/edge.ts';
import { TraefikLab, traefikProgram } from './traefik-lab.ts';

const describeHere = traefikProgram === undefined ? describe.skip : describe;
const host = 'shop.example.com';
const manifests = edgeManifests((edge, { shop }) => edge.route(host, { to: shop }), { loadBalancer: '127.0.0.1' });
const route = manifests.find(({ kind, spec }) => kind === 'IngressRoute' && JSON.stringify(spec).includes(host))!;

describeHere('Traefik while its configuration changes', () => {
  const lab = new TraefikLab(manifests, [host], '1ms');

  beforeAll(() => lab.start());
  afterAll(() => lab.stop());

  const metric = async (name: string): Promise<number> => {
    const { body } = await lab.plain('/metrics', 9100);
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(body)?.[1]);
  };
  let number = 0;
  /** One after the other, each taken over before the next one. */
  const change = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      const before = await metric('traefik_config_reloads_total');
      number += 1;
      const { routes, ...spec } = route.spec as { routes: { match: string }[] };
      const changed = routes.map((each) => ({ ...each, match: `${each.match} && !Path(\`/${number}\`)` }));
      lab.api.replace({ ...route, spec: { ...spec, routes: changed } });
      await lab.until('a change is taken over', async () => (await metric('traefik_config_reloads_total')) > before);
    }
  };

  test('needs no more memory for the next hundred changes than for the first fifty', async () => {
    await change(50);
    const before = await metric('process_resident_memory_bytes');
    await change(100);
    expect((await metric('process_resident_memory_bytes')) / before).toBeLessThan(1.2);
  });
});
