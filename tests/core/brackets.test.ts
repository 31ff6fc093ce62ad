import { bracketProblem } from '../../constructs/core/brackets.ts';

test.each([
  'sum by (job) (rate(orders_total{code=~"5..[(]"}[5m])) > 0',
  String.raw`label_replace(up, "a", "$1", "b", "(\"[a-z)")`,
  "up{job='it{'} # a bracket ( in a comment\n== 0",
  '`(` == up',
])('%s has all its brackets', (query) => expect(bracketProblem(query)).toBeUndefined());

test.each([
  ['sum(rate(orders_total[5m])', 'its ( is not closed'],
  ['rate(orders_total[5m)]', 'its [ is closed by )'],
  ['up{job="a"} > 0)', 'its ) closes nothing'],
  ['up{job="a} > 0', 'its " is not closed'],
])('of %s it is said: %s', (query, problem) => expect(bracketProblem(query)).toBe(problem));
