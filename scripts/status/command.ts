import process from 'node:process';
import type { EnvironmentInput } from '../../config/schema.ts';
import { InputError } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand, UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { BucketClient, keysOf, refusalOf, textOf } from '../object-storage/bucket-client.ts';

const help = `npm run status -- [TEXT] [OPTION...]

Puts words of yours on the status page of an environment, above what the platform reports itself, from any machine: the cluster
is not asked. Without TEXT it shows what stands there. Everybody reads it: no names, no addresses, no causes that help an attacker.

  --environment NAME  which environment             [production]
  --clear             take what stands there away
  --help              this text

AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are a pair that may write in the bucket of observability.statusPage.
AWS_ENDPOINT_URL_S3 is another address than the bucket's.
`;

/** Characters: what is longer nobody reads, and belongs elsewhere. */
const longest = 1000;

const key = 'announcement.json';

export interface StatusContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `config/environments/` has of that name. @throws InputError for none */
  readonly input: (environment: string) => Pick<EnvironmentInput, 'objectStores' | 'observability'>;
  readonly now: () => Date;
}

/** Runs `npm run status`. @returns the exit code: 0 done, 1 refused, 2 called wrongly */
export function statusCommand(
  context: StatusContext,
  args: readonly string[],
  output: Output = process,
): Promise<number> {
  return runCommand(
    help,
    async () => {
      const { values, positionals } = parseArguments({
        args: [...args],
        allowPositionals: true,
        options: {
          environment: { type: 'string', default: 'production' },
          clear: { type: 'boolean', default: false },
          help: { type: 'boolean', default: false },
        },
      });
      if (values.help) return 'help';
      if (positionals.length > 1) throw new UsageError('one text: put it into quotes');
      const [text] = positionals;
      if (text !== undefined && values.clear) throw new UsageError('a text, or --clear');
      const client = clientOf(context, values.environment);
      const say = (line: string): void => void output.stdout.write(`${line}\n`);
      if (values.clear) {
        await write(client, '', context.now());
        say(`nothing stands at ${client.url('index.html')} any more but what the platform reports`);
      } else if (text === undefined) {
        say(await show(client));
      } else {
        await write(client, checked(text), context.now());
        say(`everybody reads it at ${client.url('index.html')}; take it away by npm run status -- --clear`);
      }
      return 0;
    },
    output,
    'the page is as it was',
  );
}

/** Empty where nothing is to stand there: keys that may not delete are enough. */
async function write(client: BucketClient, text: string, now: Date): Promise<void> {
  const body = JSON.stringify({ written: `${now.toISOString().slice(0, 19)}Z`, text });
  const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=15' };
  const answer = await client.ask('PUT', { key, body, headers });
  if (answer.code !== undefined) throw refusalOf(client.place, answer);
}

async function show(client: BucketClient): Promise<string> {
  const nothing = `nothing stands at ${client.url('index.html')} but what the platform reports`;
  const answer = await client.ask('GET', { key });
  if (answer.code === 'NoSuchKey') return nothing;
  if (answer.code !== undefined) throw refusalOf(client.place, answer);
  const { written, text } = JSON.parse(textOf(answer.body)) as { readonly written: string; readonly text: string };
  return text === '' ? nothing : `since ${written}: ${text}`;
}

function checked(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== '' && trimmed.length <= longest) return trimmed;
  throw new InputError({
    where: 'the text',
    what: `it has ${trimmed.length} characters`,
    allowed: `1 to ${longest}`,
    remedy:
      trimmed === '' ? 'write some, or take it away by --clear' : 'say what users can do, and the next time you tell',
  });
}

function clientOf({ env, input }: StatusContext, environment: string): BucketClient {
  const { objectStores, observability } = input(environment);
  const store = objectStores[observability?.statusPage?.store ?? ''];
  if (store === undefined) {
    throw new InputError({
      where: `config/environments/${environment}.ts: observability.statusPage`,
      what: 'there is no status page',
      allowed: 'an object with store, the name of a public bucket in objectStores',
      remedy: 'add one, or name another environment with --environment',
    });
  }
  const { endpoint, region, bucket } = store;
  const remedy = 'export both variables: they lie where your team keeps what opens things, and not in this repository';
  return new BucketClient({ endpoint: env.AWS_ENDPOINT_URL_S3 ?? endpoint, region, bucket }, keysOf(env, remedy));
}
