import { UpstreamSource } from '../../constructs/core/upstream-source.ts';
import { manifestsOf, refusal } from '../support/harness.ts';

test.each(['main', 'HEAD', 'release-1', ''])(
  'an upstream source at "%s" is refused: it would move by itself',
  (revision) => {
    const props = { repository: 'https://git.example/x.git', revision, clusterKinds: [], namespacedKinds: [] };
    const [finding] = refusal(() => manifestsOf((scope) => new UpstreamSource(scope, 'source', props)));
    expect(finding?.what).toBe(`it is read at ${revision}`);
  },
);
