// What is here beyond the recommended rules is what has gone wrong in code like this.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const node = {
  AbortController: 'readonly',
  AbortSignal: 'readonly',
  Buffer: 'readonly',
  DOMException: 'readonly',
  Headers: 'readonly',
  URL: 'readonly',
  clearTimeout: 'readonly',
  console: 'readonly',
  performance: 'readonly',
  process: 'readonly',
  setImmediate: 'readonly',
  setTimeout: 'readonly',
  structuredClone: 'readonly',
};

const sources = ['node/**/*.ts', 'node/**/*.mts'];

export default [
  { ignores: ['target/', 'node/dist/', '**/node_modules/', '**/.venv/', 'tests/**/*.mts', 'tests/**/*.cts', 'tests/bundlers/projects/'] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, globals: node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'array-callback-return': 'error',
      'consistent-return': 'off',
      curly: ['error', 'multi-line'],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': ['error', { allow: ['log'] }],
      'no-implicit-coercion': 'error',
      'no-param-reassign': 'off',
      'no-promise-executor-return': 'off',
      'no-shadow': ['error', { builtinGlobals: false }],
      'no-throw-literal': 'error',
      'no-unused-expressions': ['error', { allowTernary: true, allowShortCircuit: true }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
    },
  },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: sources })),
  {
    files: sources,
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      'no-shadow': 'off',
      '@typescript-eslint/no-shadow': ['error', { builtinGlobals: false }],
      // Callers in JavaScript are not held to the types: what they give is looked at all the same.
      '@typescript-eslint/no-unnecessary-boolean-literal-compare': 'off',
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      // What an `async` function throws, it rejects with.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A signal's reason may be anything.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // The compiled half, and what is loaded only when it is used.
      '@typescript-eslint/no-require-imports': ['error', { allow: ['\\.node$', '^apache-arrow$', '^bullmq$', '^netgiro-'] }],
      // What a template prints is for people.
      '@typescript-eslint/restrict-template-expressions': 'off',
      // Values and options are listed in tables, from which their types come.
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { ...node, __dirname: 'readonly', module: 'writable', require: 'readonly' },
    },
    rules: { strict: ['error', 'global'] },
  },
  // A consumer is written as its author likes; only `require` without a word is told apart.
  { files: ['tests/node/package/consumers/*.cjs', 'tests/node/programs/*.cjs'], rules: { strict: 'off' } },
  {
    files: ['examples/**', 'tests/browser/**', 'tests/shops/**'],
    languageOptions: { globals: { URLSearchParams: 'readonly', fetch: 'readonly' } },
  },
  { files: ['examples/**'], rules: { 'no-console': ['error', { allow: ['log', 'warn'] }] } },
  {
    // What runs in a page.
    files: ['examples/storefront/static/*.js', 'tests/browser/browser.test.mjs', 'tests/browser/hosted.test.mjs', 'tests/browser/site.test.mjs'],
    languageOptions: {
      globals: { FormData: 'readonly', document: 'readonly', setInterval: 'readonly', window: 'readonly' },
    },
  },
];
