import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/** Data flows one way: config -> apps -> constructs -> synth. Nobody imports from prove/ or the tests. */
const notFrom = (...folders) =>
  folders.map((folder) => ({
    regex: `^\\.\\.?/(.*/)?${folder}/`,
    message: `Data flows one way (CONTRIBUTING: config -> apps -> constructs -> synth); this folder never imports from ${folder}/.`,
  }));

const message =
  'From outside, a construct is its index.ts. constructs/core/ is the floor: each of its files is a door, so that nobody loads all of it.';
/** For whoever is outside of constructs/. */
const doors = { regex: '^(\\.\\.?/)+constructs/(?!core/)[^/]+/(?!index\\.ts$)', message };
/** For one construct that imports another one. */
const siblings = { regex: '^\\.\\./(?!core/|\\.\\./)[^/]+/(?!index\\.ts$)', message };
/** Floors stand on no construct: core on nothing, stateful/ on core. */
const floor = {
  regex: '^\\.\\./(?!core/|\\.\\./)',
  message: 'A floor never imports from what stands on it.',
};

const imports = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });
const aboveConstructs = notFrom('apps', 'synth', 'config', 'prove', 'scripts', 'tests');

export default tseslint.config(
  {
    ignores: [
      ...['node_modules/', 'dist/', 'argocd/', 'secrets/', 'imports/', '.cdk8s/', 'coverage/'],
      ...['samples/*/build/', 'samples/*/dist/', 'samples/*/.next/', 'samples/*/next-env.d.ts'],
    ],
  },
  // Their packages are installed by npm run samples alone, so here nobody knows their types.
  { files: ['samples/**/*.{ts,tsx}'], extends: [...tseslint.configs.strict, ...tseslint.configs.stylistic] },
  {
    files: ['samples/backend/src/**/*.ts'],
    // Modules of Nest are classes with nothing in them.
    rules: { '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }] },
  },
  {
    files: ['**/*.ts'],
    ignores: ['samples/**'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Constructs add themselves to their scope: making one is the point.
      'no-new': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['constructs/**/*.ts'], rules: imports(...aboveConstructs, siblings) },
  { files: ['constructs/{core,stateful}/**/*.ts'], rules: imports(...aboveConstructs, siblings, floor) },
  {
    files: ['config/**/*.ts'],
    rules: imports(...notFrom('apps', 'synth', 'prove', 'scripts', 'tests'), doors),
  },
  { files: ['apps/**/*.ts'], rules: imports(...notFrom('synth', 'prove', 'scripts', 'tests'), doors) },
  { files: ['synth/**/*.ts'], rules: imports(...notFrom('prove', 'scripts', 'tests'), doors) },
  { files: ['*.ts', 'scripts/**/*.ts', 'bench/**/*.ts'], rules: imports(...notFrom('prove'), doors) },
  { files: ['prove/**/*.ts'], rules: imports(doors) },
  // The tests of a construct look into it; all others are outside.
  { files: ['tests/**/*.ts'], ignores: ['tests/constructs/**'], rules: imports(doors) },
  {
    files: ['tests/**/*.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect*'] }],
      'jest/no-standalone-expect': ['error', { additionalTestBlockFunctions: ['asRoot', 'asNobody.each'] }],
      'jest/valid-expect': 'error',
      'jest/no-conditional-expect': 'error',
      'jest/require-to-throw-message': 'error',
    },
  },
  {
    files: ['tests/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['beforeAll', 'beforeEach', 'afterEach', 'afterAll'].map((name) => ({
          name,
          message:
            'Files of tests share what they import (tests/support/environment.cjs): only the first would have it.',
        })),
      ],
    },
  },
  {
    files: ['**/*.snap'],
    plugins: { jest },
    // A snapshot longer than this is reviewed by nobody.
    rules: { 'jest/no-large-snapshots': ['error', { maxSize: 400 }] },
  },
);
