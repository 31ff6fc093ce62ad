import { isOfZones, tokensOf } from '../../../prove/stand-ins/cert-manager/acme.ts';

const apiTokenSecretRef = { name: 'cloudflare-dns', key: 'token' };
const tokenSecretKeyRef = { name: 'hetzner-dns', key: 'token' };
const spec = {
  solvers: [
    { selector: { dnsZones: ['example.com'] }, dns01: { cloudflare: { apiTokenSecretRef } } },
    { selector: { dnsZones: ['example.org'] }, dns01: { webhook: { config: { tokenSecretKeyRef } } } },
  ],
};

test('an issuer by ACME is ready only with the tokens of its solvers', () => {
  expect(tokensOf(spec)).toEqual([apiTokenSecretRef, tokenSecretKeyRef]);
});

test.each([
  [['shop.example.com', '*.example.org', 'example.com'], true],
  [['shop.example.com', 'shop.example.net'], false],
  [['notexample.com'], false],
])('a certificate of %j is of the zones: %s', (dnsNames, expected) => {
  expect(isOfZones({ dnsNames }, spec)).toBe(expected);
});
