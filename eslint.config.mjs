// What is here beyond the recommended rules is what has gone wrong in code like this.
import js from '@eslint/js';

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

export default [
  { ignores: ['target/', '**/node_modules/', '**/.venv/', '**/*.d.ts', '**/*.d.mts', '**/*.mts', '**/*.cts'] },
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
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { ...node, __dirname: 'readonly', module: 'writable', require: 'readonly' },
    },
    rules: { strict: ['error', 'global'] },
  },
  // A consumer is written as its author likes; only `require` without a word is told apart.
  { files: ['tests/node/consumers/*.cjs', 'tests/node/programs/*.cjs'], rules: { strict: 'off' } },
  { files: ['examples/**', 'tests/browser/**'], languageOptions: { globals: { URLSearchParams: 'readonly', fetch: 'readonly' } } },
  { files: ['examples/**'], rules: { 'no-console': ['error', { allow: ['log', 'warn'] }] } },
  {
    // What runs in a page.
    files: ['examples/storefront/static/*.js', 'tests/browser/browser.test.mjs'],
    languageOptions: {
      globals: { FormData: 'readonly', document: 'readonly', setInterval: 'readonly', window: 'readonly' },
    },
  },
];
