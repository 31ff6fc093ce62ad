import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/**
 * Titles of the tests of a file that run: `test('title', ...)` or `it('title', ...)`, neither skipped nor in a skipped
 * `describe` nor in a comment. Undefined when there is no such file.
 */
export function testTitles(root: string, file: string): ReadonlySet<string> | undefined {
  const full = path.join(root, file);
  if (!fs.existsSync(full)) return undefined;
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression.getText();
      if (callee === 'describe.skip' || callee === 'xdescribe' || callee.startsWith('describe.skip.')) return;
      const [title] = node.arguments;
      if ((callee === 'test' || callee === 'it') && title !== undefined && ts.isStringLiteralLike(title)) {
        titles.add(title.text);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, fs.readFileSync(full, 'utf8'), ts.ScriptTarget.ES2022, true));
  return titles;
}
