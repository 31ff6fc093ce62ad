import type { Database } from './databases.ts';

/** Extensions whose library of the same name PostgreSQL loads at its start only, with others that they need before them. */
const preloaded: Readonly<Record<string, readonly string[]>> = {
  bg_mon: [],
  credcheck: [],
  pg_auth_mon: [],
  pg_cron: [],
  pg_net: [],
  pg_qualstats: [],
  pg_show_plans: [],
  pg_stat_kcache: ['pg_stat_statements'],
  pg_stat_monitor: [],
  pg_stat_statements: [],
  pg_wait_sampling: [],
  pgaudit: [],
  pglogical: [],
  set_user: [],
};

type Parameters = Readonly<Record<string, string | number>>;

/** The parameters that the extensions need, together with those that were given: libraries are added to theirs. */
export function preloadParameters(databases: readonly Database[], given: Parameters): Parameters {
  const extensions = databases.flatMap(({ extensions = [] }) => extensions);
  const needed = extensions.flatMap((extension) =>
    preloaded[extension] === undefined ? [] : [...preloaded[extension], extension],
  );
  if (needed.length === 0) return {};
  const named = libraries(given.shared_preload_libraries);
  return {
    shared_preload_libraries: [...new Set([...named, ...needed])].join(','),
    ...cronParameters(databases),
  };
}

/** Its jobs run as processes of PostgreSQL: to connect, it would need passwords. */
function cronParameters(databases: readonly Database[]): Parameters {
  const [database] = databasesWith('pg_cron', databases);
  return database === undefined ? {} : { 'cron.database_name': database, 'cron.use_background_workers': 'on' };
}

/** The names of the databases that have this extension. */
export function databasesWith(extension: string, databases: readonly Database[]): string[] {
  return databases.filter(({ extensions = [] }) => extensions.includes(extension)).map(({ name }) => name);
}

function libraries(list: string | number = ''): string[] {
  return String(list)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
