// Owns the house rules that a machine can check: import walls, no default exports, no any, no floating promises, a first line that says what a file owns.
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { builtinRules } from 'eslint/use-at-your-own-risk';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { firstLineComment } from './scripts/eslint/first-line-comment.js';
import { importWalls } from './scripts/eslint/import-walls.js';
import svelteConfig from './svelte.config.js';

const typescript = ['**/*.ts', '**/*.svelte'];
const house = {
  rules: {
    'first-line-comment': firstLineComment,
    'import-walls': importWalls,
    // The core rule once more, so that a file can be warned about before it is refused.
    'long-file': builtinRules.get('max-lines')
  }
};

export default defineConfig(
  {
    ignores: [
      'build/',
      '.svelte-kit/',
      'node_modules/',
      'wasm/',
      'target/',
      'test-results/',
      'static/',
      'src/wire/gen/',
      'tmp/'
    ]
  },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.svelte'] }
    },
    plugins: { house },
    rules: {
      'house/first-line-comment': 'error',
      'house/import-walls': 'error',
      'house/long-file': ['warn', { max: 300 }],
      'max-lines': ['error', { max: 400 }],
      eqeqeq: 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
        { selector: "ExportSpecifier[exported.name='default']", message: 'Export by name.' },
        { selector: 'ThrowStatement > :matches(Literal, TemplateLiteral)', message: 'Throw a TernError.' }
      ]
    }
  },
  {
    files: typescript,
    rules: {
      // TypeScript itself finds undefined names, types included.
      'no-undef': 'off',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true, minimumDescriptionLength: 3 }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allow: [{ name: ['bigint'], from: 'lib' }] }
      ],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      // An async method may implement an interface without awaiting; our interfaces are often closures, which have no `this` to lose.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }]
    }
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser, svelteConfig } }
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    rules: {
      // Tern is served from the root of its origin, and not every Set is drawn.
      'svelte/no-navigation-without-resolve': 'off',
      'svelte/prefer-svelte-reactivity': 'off'
    }
  },
  { files: ['src/worker/**'], rules: { 'no-console': 'error' } },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // The frameworks that read these want a default export.
    files: ['*.config.{js,ts}', 'scripts/testing/vitest-reporter.ts', 'tests/**/*-setup.ts'],
    rules: { 'no-restricted-syntax': 'off' }
  },
  { files: ['**/*.test.ts', 'tests/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } }
);
