/** The name that another one is most likely a slip of: one or two letters more, less or other ones. */
export function nearest(name: string, names: readonly string[], most = 2): string | undefined {
  const near = names
    .filter((each) => Math.abs(each.length - name.length) <= most)
    .map((each) => ({ each, distance: distance(name, each) }))
    .filter((each) => each.distance <= most)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.each;
}

/** How many letters have to be added, removed or changed. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [line, letter] of one.split('').entries()) {
    const next = [line + 1];
    for (const [column, twin] of other.split('').entries()) {
      const [left = 0, above = 0, before = 0] = [next[column], row[column + 1], row[column]];
      next.push(Math.min(left + 1, above + 1, before + (letter === twin ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
