import fs from 'node:fs';
import path from 'node:path';
import { selectorOf } from '../components/endpoints.ts';
import type { Members } from '../components/postgres/members.ts';
import { Recorder } from './recorder.ts';
import type { RecordedRequest } from './recorder.ts';

/** Milliseconds between two commits of a writer. */
const every = 50;
/** Room for the rows of one writer: numbers never meet. */
const block = 1_000_000;

interface WriterOptions {
  readonly number: number;
  readonly host?: string;
  readonly node?: string;
  readonly pooled?: boolean;
}

/** Commits rows all the time, each with a number of its own, as an application's role does. */
export class Writer {
  private readonly members: Members;
  private readonly recorder: Recorder;

  private constructor(members: Members, recorder: Recorder) {
    this.members = members;
    this.recorder = recorder;
  }

  /** The table that all writers write into; rows of earlier ones go. */
  static async prepare(members: Members): Promise<void> {
    const { credentials, migrationCredentials } = members.database.primary;
    await members.sqlOfClients(
      'create table if not exists drill_writes (id bigint primary key, at timestamptz not null default clock_timestamp());' +
        `alter table drill_writes owner to ${migrationCredentials.user};` +
        `grant select, insert on drill_writes to ${credentials.user}; truncate drill_writes`,
    );
  }

  /**
   * @param number of the writer: rows of each begin at another million
   * @param host where it connects to. @default the Service of the primary, or of the pooler
   * @param pooled whether it goes through PgBouncer. @default false
   */
  static async start(members: Members, { number, host, node, pooled = false }: WriterOptions): Promise<Writer> {
    const script = fs.readFileSync(path.join(import.meta.dirname, 'writer.py'), 'utf8');
    const endpoint = pooled ? members.database.pooled : members.database.primary;
    const { repository, tag } = members.container('postgres').image;
    const { user, password } = endpoint.credentials;
    const recorder = await Recorder.start(members.cluster, {
      namespace: members.namespace,
      name: `writer-${number}`,
      url: host ?? endpoint.host,
      target: selectorOf(endpoint),
      port: endpoint.port,
      node,
      client: {
        image: `${repository}:${tag}`,
        secret: password.secret.name,
        command: [
          ...['python3', '-u', '-c', script, host ?? endpoint.host, String(endpoint.port), endpoint.database, user],
          ...[`/run/secret/${password.key}`, String(number * block), String(every)],
        ],
      },
    });
    return new Writer(members, recorder);
  }

  /** What it tried, since a moment if one is given. */
  writes(since?: Date): Promise<readonly RecordedRequest[]> {
    return this.recorder.requests(since);
  }

  /** Numbers of rows that were acknowledged and that the primary doesn't have. */
  async lost(): Promise<readonly number[]> {
    const acknowledged = (await this.writes()).filter(({ ok }) => ok).map(({ text }) => Number(text));
    const stored = await this.members.sqlOfClients('select id from drill_writes');
    const known = new Set(stored.split('\n').map(Number));
    return acknowledged.filter((id) => !known.has(id));
  }

  remove(): Promise<void> {
    return this.recorder.remove();
  }
}
