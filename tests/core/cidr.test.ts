import { addressIn, contains, overlap, parseCidr } from '../../constructs/core/cidr.ts';

const cidr = (text: string) => parseCidr(text)!;

describe('a network', () => {
  test.each(['10.0.0.0/33', '10.0.0/8', '256.0.0.0/8', '10.0.0.0', '10.0.0.0/8/8', '10.0.0.1/8', 'fd00::1/8', ''])(
    'is not parsed from "%s"',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );

  test('overlaps another when they share an address', () => {
    const [wide, inside, beside] = [cidr('10.0.0.0/8'), cidr('10.42.0.0/16'), cidr('11.0.0.0/8')];
    expect([overlap(wide, inside), overlap(inside, wide), overlap(wide, beside)]).toEqual([true, true, false]);
  });

  test('contains its first and last address', () => {
    const addresses = ['10.0.0.0/32', '10.0.0.255/32', '10.0.1.0/32'].map(cidr);
    expect(addresses.map((address) => contains(cidr('10.0.0.0/24'), address))).toEqual([true, true, false]);
  });

  test('of one family contains none of the other', () => {
    expect(contains(cidr('::/0'), cidr('10.0.0.0/8'))).toBe(false);
  });
});

test('an address of a block is found by its number, and only within it', () => {
  expect(['10.43.0.0/16', '10.43.255.0/24'].map((block) => addressIn(block, 53))).toEqual([
    '10.43.0.53',
    '10.43.255.53',
  ]);
  expect(addressIn('10.43.0.0/16', 300)).toBe('10.43.1.44');
  for (const block of ['10.43.0.0/27', 'fd00::/8', 'x']) expect(() => addressIn(block, 53)).toThrow(RangeError);
});
