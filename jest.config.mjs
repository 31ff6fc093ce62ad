import os from 'node:os';

/**
 * Tests that start programs: git, python3, bash, openssl, Node.js itself; npm run test:programs. All others are `unit`, and
 * can't start any; npm test.
 */
const programs = [
  'tests/constructs/patroni-{agent/**/*,alerts,pooler-{real,script}}.test.ts',
  'tests/constructs/samba-dc/{alerts,backup-processes,certificate,decisions,exporter,keep,reconcile,whois}.test.ts',
  'tests/constructs/redis/{alerts,backup-processes,damaged-log,decisions,exporter,handed-over,ioredis,processes,proxy,reported-*,scripts}.test.ts',
  'tests/constructs/{app-of-apps-alerts,cluster-dns-alerts,keytab,let-in,offsite-copy}.test.ts',
  'tests/constructs/traefik-waf/{alerts,*-real}.test.ts',
  'tests/constructs/observability-stack/{alerts,dashboard-queries,objective-rules,platform,limits-real,status-page-{feed,platform}}.test.ts',
  'tests/constructs/log-stack/{alerts,keys,platform}.test.ts',
  'tests/constructs/trace-store/{alerts,platform,scripts}.test.ts',
  'tests/prove/{application-health,clean-up,cluster,cluster-dns,managed-fields,probe,source-policy,tools}.test.ts',
  'tests/prove/drills/{admission,areas,directory,drills,failures,gitops}.test.ts',
  'tests/prove/images/{grafana,kustomize,publish}.test.ts',
  'tests/prove/{instruments,stand-ins}/**/*.test.ts',
  'tests/scripts/{release,archives}*.test.ts',
  'tests/scripts/recover{,-kinds,-real,-refusals,-runbook,-steps}.test.ts',
  'tests/scripts/{lint,ready,run,way-back,workflows}.test.ts',
  'tests/scripts/import/{command,module-files}.test.ts',
  'tests/scripts/waf/trial.test.ts',
  'tests/synth/seal/!(options).test.ts',
  'tests/install/{operations,restore,stages}.test.ts',
  'tests/synth/{committed,write}.test.ts',
  'tests/{determinism,promises,shared-cluster}.test.ts',
];

/** Every worker loads these; most of what is in them is maps that nobody reads. */
const withMaps = '(cdk8s|cdk8s-plus-28|constructs)';

const shared = {
  // Both projects take what the other one has transformed.
  id: 'diptych',
  testEnvironment: '<rootDir>/tests/support/environment.cjs',
  runtime: '<rootDir>/tests/support/runtime.cjs',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      // Jest would take a map out of the code again, and read it to do so.
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' }, sourceMaps: true },
    ],
    [`/node_modules/${withMaps}/.+\\.js$`]: '<rootDir>/tests/support/package-transform.cjs',
  },
  // Applications of their own: npm run samples.
  modulePathIgnorePatterns: ['<rootDir>/samples/'],
  transformIgnorePatterns: [`/node_modules/(?!${withMaps}/)`],
  extensionsToTreatAsEsm: ['.ts'],
  snapshotResolver: '<rootDir>/tests/support/snapshot-resolver.cjs',
};

const project = (displayName, testMatch, more) => ({
  ...shared,
  displayName,
  testMatch,
  setupFiles: [`<rootDir>/tests/support/${displayName}.cjs`],
  ...more,
});

export default {
  // A busy machine takes long; what waits for ever ends all the same, and says before what for (tests/support/until.ts).
  testTimeout: 600_000,
  // Tests that start programs wait for them, and some for their clocks (sequencer.cjs): somebody works meanwhile.
  maxWorkers: os.availableParallelism() + 4,
  testSequencer: '<rootDir>/tests/support/sequencer.cjs',
  projects: [
    project('unit', ['**/tests/**/*.test.ts', ...programs.map((glob) => `!**/${glob}`)]),
    project(
      'programs',
      programs.map((glob) => `**/${glob}`),
      {
        globalSetup: '<rootDir>/tests/support/programs-setup.cjs',
        globalTeardown: '<rootDir>/tests/support/programs-teardown.cjs',
      },
    ),
  ],
};
