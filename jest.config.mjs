/** Tests that start programs: git, python3, bash, openssl, Node.js itself. All others are `unit`, and can't start any. */
const programs = [
  'tests/constructs/patroni-{agent/**/*,alerts,pooler-{cache,script}}.test.ts',
  'tests/constructs/offsite-copy.test.ts',
  'tests/prove/**/*.test.ts',
  'tests/scripts/{release,recover,archives}*.test.ts',
  'tests/scripts/{lint,run,workflows}.test.ts',
  'tests/scripts/import/{command,module-files}.test.ts',
  'tests/synth/seal/*.test.ts',
  'tests/synth/{committed,write}.test.ts',
  'tests/{determinism,promises,shared-cluster}.test.ts',
];

/** Every file of tests loads these anew; most of what is in them is maps that nobody reads. */
const withMaps = '(cdk8s|cdk8s-plus-28|constructs)';

const shared = {
  // Both projects take what the other one has transformed.
  id: 'diptych',
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      // Jest would take a map out of the code again, and read it to do so.
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' }, sourceMaps: true },
    ],
    [`/node_modules/${withMaps}/.+\\.js$`]: '<rootDir>/tests/support/package-transform.cjs',
  },
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
  // A busy machine takes long; what waits for ever ends all the same.
  testTimeout: 30_000,
  // Jest would leave one core to the person at the keyboard, which is half of two.
  maxWorkers: '100%',
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
