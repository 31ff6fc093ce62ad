import type { App } from 'cdk8s';
import { ApplicationChart } from './application-chart.ts';
import type { Application } from './application.ts';
import { workersOf } from './environment.ts';
import type { Environment } from './environment.ts';
import { InputError } from './error.ts';
import { inOurWords } from './library-errors.ts';
import type { NamespaceDefinition } from './namespace.ts';
import { nearest } from './nearest.ts';

type AnyApplication = Application<unknown>;

/** Builds every application of the table once. @throws InputError for what is no table, and for a cycle of building */
export function buildApplications(
  app: App,
  environment: Environment,
  applications: readonly AnyApplication[],
): readonly ApplicationChart[] {
  checkTable(environment, applications);
  const built = new Map<AnyApplication, { readonly chart: ApplicationChart; readonly exports: unknown }>();
  const beingBuilt: AnyApplication[] = [];
  const exportsOf = (application: AnyApplication): unknown => {
    const there = built.get(application);
    if (there !== undefined) return there.exports;
    if (beingBuilt.includes(application)) refuseCycle(beingBuilt.slice(beingBuilt.indexOf(application)));
    const { name, layer } = application;
    const chart = new ApplicationChart(app, name, {
      layer,
      namespace: namespaceOf(application, environment),
      workers: workersOf(environment.nodes).length,
    });
    const used = usedBy(application, environment, exportsOf);
    beingBuilt.push(application);
    const exports = saidClearly(application.name, () => application.build(chart, environment, used));
    beingBuilt.pop();
    built.set(application, { chart, exports });
    return exports;
  };
  for (const application of applications) exportsOf(application);
  return applications.map((application) => built.get(application)?.chart).filter((chart) => chart !== undefined);
}

/** What an application reads of others, each built when it is first read. @throws InputError for one that `uses` lacks */
function usedBy(
  application: AnyApplication,
  environment: Environment,
  exportsOf: (other: AnyApplication) => unknown,
): Record<string, unknown> {
  const uses = application.uses(environment);
  return new Proxy<Record<string, unknown>>(
    {},
    {
      get(_, key) {
        if (typeof key === 'symbol') return undefined;
        if (Object.hasOwn(uses, key)) return uses[key] && handedOut(application, key, exportsOf(uses[key]));
        throw new InputError({
          where: `application ${application.name}`,
          what: `it reads used.${key}, which its uses does not name`,
          allowed: Object.keys(uses).join(', ') || 'none: it has no uses',
          remedy: `add ${key} to what uses returns`,
        });
      },
    },
  );
}

/**
 * What another application hands out, without names that it does not: such a wire would be left out without a word, because
 * types are not looked at where a program runs.
 */
function handedOut(reader: AnyApplication, key: string, exports: unknown): unknown {
  if (Object(exports) !== exports || Object.getPrototypeOf(exports) !== Object.prototype) return exports;
  return new Proxy(exports as Record<string, unknown>, {
    get(target, name) {
      if (typeof name === 'symbol' || name in target) return Reflect.get(target, name) as unknown;
      const names = Object.keys(target);
      const meant = nearest(name, names);
      throw new InputError({
        where: `application ${reader.name}`,
        what: `it reads used.${key}.${name}, which ${key} does not hand out`,
        allowed: names.join(', ') || 'none: it returns nothing',
        remedy: `${meant === undefined ? '' : `write ${meant}, if that is meant; else `}let the function of ${key} in apps/ return ${name}`,
      });
    },
  });
}

/** @throws InputError for what is no namespace, as one of a name that namespaces.ts does not have */
function namespaceOf(application: AnyApplication, environment: Environment): NamespaceDefinition {
  const namespace = application.namespace(environment) as NamespaceDefinition | undefined;
  if (typeof namespace?.name === 'string') return namespace;
  throw new InputError({
    where: `application ${application.name}`,
    what: `its namespace is ${JSON.stringify(namespace ?? null)}`,
    allowed: 'one of apps/namespaces.ts',
    remedy: 'name one that is there, or define it there first',
  });
}

function saidClearly<Exports>(application: string, build: () => Exports): Exports {
  try {
    return build();
  } catch (error) {
    throw inOurWords(application, error);
  }
}

function checkTable(environment: Environment, applications: readonly AnyApplication[]): void {
  const table = new Set(applications);
  const names = new Set<string>();
  const twice = applications.map(({ name }) => name).filter((name) => names.has(name) || !names.add(name));
  const absent = applications.flatMap((application) =>
    Object.values(application.uses(environment))
      .filter((other) => other !== undefined)
      .filter((other) => !table.has(other))
      .map((other) => ({ name: application.name, other: other.name })),
  );
  const findings = [
    ...twice.map((name) => ({
      where: `application ${name}`,
      what: 'the name is in the table twice',
      allowed: 'each application once: its name is the folder in dist/ and the Argo CD application',
      remedy: 'rename one of them',
    })),
    ...absent.map(({ name, other }) => ({
      where: `application ${name}`,
      what: `it uses ${other}, which is not in the table`,
      allowed: [...names].join(', '),
      remedy: 'add it to the table in apps/index.ts',
    })),
  ];
  if (findings.length > 0) throw new InputError(findings);
}

function refuseCycle(cycle: readonly AnyApplication[]): never {
  const names = cycle.map(({ name }) => name);
  throw new InputError({
    where: `applications ${[...names, names[0]].join(' -> ')}`,
    what: 'each reads what the next one hands out while it is being built',
    allowed: 'an order in which each is built after those whose objects it reads',
    remedy: 'let one of them read `used` when everything is built: in collect(found) of a construct, which may wire',
  });
}
