import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/** Data flows one way: config -> apps -> constructs -> synth. Nobody imports from prove/ or the tests. */
const notFrom = (...folders) => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: folders.map((folder) => ({
        regex: `^\\.\\.?/(.*/)?${folder}/`,
        message: `Data flows one way (CONTRIBUTING: config -> apps -> constructs -> synth); this folder never imports from ${folder}/.`,
      })),
    },
  ],
});

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'argocd/', 'secrets/', 'imports/', '.cdk8s/', 'coverage/'] },
  {
    files: ['**/*.ts'],
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
  { files: ['constructs/**/*.ts'], rules: notFrom('apps', 'synth', 'config', 'prove', 'atlas', 'scripts', 'tests') },
  { files: ['config/**/*.ts'], rules: notFrom('apps', 'synth', 'prove', 'atlas', 'scripts', 'tests') },
  { files: ['apps/**/*.ts'], rules: notFrom('synth', 'prove', 'atlas', 'scripts', 'tests') },
  { files: ['synth/**/*.ts'], rules: notFrom('prove', 'atlas', 'scripts', 'tests') },
  { files: ['*.ts', 'scripts/**/*.ts', 'bench/**/*.ts'], rules: notFrom('prove') },
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
    files: ['**/*.snap'],
    plugins: { jest },
    // A snapshot longer than this is reviewed by nobody.
    rules: { 'jest/no-large-snapshots': ['error', { maxSize: 400 }] },
  },
);
