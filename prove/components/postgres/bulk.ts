import type { Members } from './members.ts';

/** What `bulk` makes, in gigabytes. */
export const bulkGigabytes = 0.25;

/** About a quarter of a gigabyte in another table, of text that compresses by half, so that a restore takes more than its start. */
export async function bulk(members: Members, leader: string, table: string, database?: string): Promise<void> {
  const rows = "select g as id, string_agg(md5(random()::text || part), '') as text";
  const source = 'generate_series(1, 300000) g, generate_series(1, 24) part group by g';
  await members.sql(leader, `create table ${table} as ${rows} from ${source}`, database);
}
