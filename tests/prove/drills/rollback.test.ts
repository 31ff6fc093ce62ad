import { imageVersion, lastRelease } from '../../../prove/delivery/releases.ts';
import { versionOf } from '../../../prove/drills/rollback/index.ts';

describe('the drill of rollback', () => {
  test('finds the highest release of its environment', () => {
    expect(lastRelease('production', 'production-2\nproduction-10\nproduction-x\nstaging-11\nv12')).toBe(10);
    expect(lastRelease('production', '')).toBe(0);
  });

  test.each([
    ['          image: ghcr.io/example/backend:0.1.0\n', '0.1.0'],
    ['        - image: ghcr.io/example/backend:0.1.0@sha256:ab12\n', '0.1.0'],
    ['          image: registry:5000/backend\n', undefined],
    ['          imagePullPolicy: IfNotPresent\n', undefined],
  ])('reads the version in %j', (manifest, version) => {
    expect(imageVersion(manifest)).toBe(version);
  });

  test('knows which version answered', () => {
    expect(versionOf({ text: '{"application":"backend","version":"0.2.0","host":"backend-1"}' })).toBe('0.2.0');
    expect(versionOf({ text: 'connection refused' })).toBe('');
  });
});
