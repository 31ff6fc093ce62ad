import type { Edge } from '../../../synth/network/evaluate.ts';
import { arrow, matrixMarkdown, matrixTable } from '../../../synth/network/print.ts';

const edges: Edge[] = [
  { from: 'shop/b', to: 'shop/c', protocol: 'TCP', port: 443, reasons: ['egress: shop/p', 'ingress: shop/q'] },
  { from: 'shop/b', to: 'shop/c', protocol: 'TCP', port: 80, endPort: 90, reasons: ['egress: shop/p'] },
  { from: 'shop/b', to: 'shop/c', protocol: 'TCP', port: 80, reasons: ['egress: shop/p'] },
  { from: 'shop/b', to: 'shop/c', protocol: 'UDP', port: 'any', reasons: [] },
  { from: 'shop/b', to: 'shop/c', protocol: 'TCP', port: 'any', reasons: [] },
  { from: 'shop/b', to: 'data/d', protocol: 'any', port: 'any', reasons: ['a|b'] },
  { from: 'Zebra/a', to: 'shop/c', protocol: 'TCP', port: 1, reasons: [] },
];

test('the table is sorted by code point and number, with aligned columns and no spaces at the end of lines', () => {
  expect(matrixTable(edges)).toBe(
    [
      'from     to      port       reasons',
      'Zebra/a  shop/c  TCP 1',
      'shop/b   data/d  any        a|b',
      'shop/b   shop/c  TCP any',
      'shop/b   shop/c  TCP 80     egress: shop/p',
      'shop/b   shop/c  TCP 80-90  egress: shop/p',
      'shop/b   shop/c  TCP 443    egress: shop/p; ingress: shop/q',
      'shop/b   shop/c  UDP any',
      '',
    ].join('\n'),
  );
});

test('the Markdown table has the same rows, with vertical bars escaped', () => {
  expect(matrixMarkdown(edges.slice(3))).toBe(
    [
      '| from    | to     | port    | reasons |',
      '| ------- | ------ | ------- | ------- |',
      '| Zebra/a | shop/c | TCP 1   |         |',
      '| shop/b  | data/d | any     | a\\|b    |',
      '| shop/b  | shop/c | TCP any |         |',
      '| shop/b  | shop/c | UDP any |         |',
      '',
    ].join('\n'),
  );
});

test('the order of the edges given does not matter', () => {
  expect(matrixTable(edges.toReversed())).toBe(matrixTable(edges));
});

test('the edges given are left as they are', () => {
  const given = [...edges];
  matrixTable(given);
  expect(given).toEqual(edges);
});

test('an edge is one arrow', () => {
  expect(arrow({ from: 'a/b', to: '0.0.0.0/0 except 10.0.0.0/8', protocol: 'TCP', port: 443 })).toBe(
    'a/b -> 0.0.0.0/0 except 10.0.0.0/8 TCP 443',
  );
});
