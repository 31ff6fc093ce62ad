/** One process of git for any number of files; it is given `REVISION:PATH` a line. */
export const catFile = ['cat-file', '--batch'] as const;

/**
 * What it printed for each of them; undefined where there is no such file.
 * @param printed read as latin1, where a character is a byte, as git counts them
 */
export function blobsOf(printed: string): (string | undefined)[] {
  const blobs: (string | undefined)[] = [];
  let at = 0;
  while (at < printed.length) {
    const end = printed.indexOf('\n', at);
    const [, type, size] = /^[0-9a-f]+ (\w+) (\d+)$/.exec(printed.slice(at, end)) ?? [];
    at = end + 1;
    if (size === undefined) blobs.push(undefined);
    else {
      const content = printed.slice(at, at + Number(size));
      blobs.push(type === 'blob' ? Buffer.from(content, 'latin1').toString('utf8') : undefined);
      at += Number(size) + 1;
    }
  }
  return blobs;
}
