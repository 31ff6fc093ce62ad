import { parseJson } from '../config/json.ts';
import { refusal } from './support/harness.ts';

test.each([
  ['a comma too many', '{\n  "a": 1,\n}\n', /in JSON, line 3$/],
  ['a colon that is missing', '{\n  "a": 1,\n  "b" 2\n}\n', /in JSON, line 3$/],
  ['a key twice', '{\n  "a": 1,\n  "a": 2\n}\n', /^line 3 has a key/],
])('a configuration with %s is told by its line', (_, text, what) => {
  expect(refusal(() => parseJson('config/images.json', text))[0]?.what).toMatch(what);
});
