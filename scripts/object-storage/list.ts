import { refusalOf, textOf } from './bucket-client.ts';
import type { BucketClient } from './bucket-client.ts';

/** An object of a bucket. */
export interface Listed {
  readonly key: string;
  readonly bytes: number;
  readonly modified: Date;
}

/** All objects whose keys begin with a prefix. @throws InputError */
export async function listed(client: BucketClient, prefix: string): Promise<readonly Listed[]> {
  const found: Listed[] = [];
  for (let token: string | undefined; ;) {
    const more: Record<string, string> = token === undefined ? {} : { 'continuation-token': token };
    const answer = await client.ask('GET', { query: { 'list-type': '2', prefix, ...more } });
    if (answer.code !== undefined) throw refusalOf(client.place, answer);
    const text = textOf(answer.body);
    for (const [, object = ''] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
      found.push({
        key: of(object, 'Key'),
        bytes: Number(of(object, 'Size')),
        modified: new Date(of(object, 'LastModified')),
      });
    }
    token = of(text, 'NextContinuationToken') || undefined;
    if (token === undefined) return found;
  }
}

function of(text: string, element: string): string {
  const content = new RegExp(`<${element}>([^<]*)</${element}>`).exec(text)?.[1] ?? '';
  return content.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
