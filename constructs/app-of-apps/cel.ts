const width = 110;

/** A value as an expression of CEL. Where a list or a map holds values of several types, CEL has to be told. */
export function celLiteral(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const isOneType =
    entries.every(([, each]) => typeof each !== 'object') && new Set(entries.map(([, each]) => typeof each)).size === 1;
  const items = entries.map(([key, each]) => {
    const literal = celLiteral(each, `${indent}  `);
    return `${Array.isArray(value) ? '' : `${JSON.stringify(key)}: `}${isOneType ? literal : `dyn(${literal})`}`;
  });
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const line = `${open}${items.join(', ')}${close}`;
  if (!line.includes('\n') && indent.length + line.length <= width) return line;
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(',\n')}\n${indent}${close}`;
}
