// Proves that every house rule can fail: each wall refuses what it must, and lets through what it must.
import path from 'node:path';
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../commands.js';

const says = '// Owns a snippet.\n';
const disableTypeChecked = tseslint.configs.disableTypeChecked as Linter.Config;
const untyped = new ESLint({
  cwd: repositoryRoot,
  overrideConfig: disableTypeChecked
});
const typed = new ESLint({ cwd: repositoryRoot });

async function brokenRules(file: string, code: string, eslint = untyped): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: path.join(repositoryRoot, file) });
  return (result?.messages ?? []).map((message) => message.ruleId ?? `no rule: ${message.message}`);
}

describe('the import walls', () => {
  it.each([
    ['src/wire/snippet.ts', "import { Store } from '../worker/store.js';\nexport const a = Store;"],
    ['src/wire/snippet.ts', "import { z } from 'valibot';\nexport const a = z;"],
    ['src/worker/snippet.ts', "import { a } from '../lib/wallet/client.js';\nexport const b = a;"],
    ['src/worker/snippet.ts', "export { a } from '$lib/ui/money';"],
    ['src/worker/snippet.ts', "import { startServer } from '../server/server.js';\nexport const b = startServer;"],
    ['src/worker/snippet.ts', "import { browser } from '$app/environment';\nexport const b = browser;"],
    ['src/worker/snippet.ts', "export const load = () => import('../routes/snippet.js');"],
    ['src/worker/snippet.test.ts', "import { a } from '../lib/wallet/client.js';\nexport const b = a;"],
    ['src/server/snippet.ts', "import { Store } from '../worker/store.js';\nexport const b = Store;"],
    ['src/server/snippet.ts', "export type A = import('../worker/api.js').WalletApi;"],
    ['src/lib/ui/snippet.ts', "import { a } from '../wallet/money.js';\nexport const b = a;"],
    ['src/lib/ui/snippet.ts', "import { TernError } from '../../wire/errors.js';\nexport const b = TernError;"],
    ['src/lib/wallet/snippet.ts', "import { a } from '../../worker/api.js';\nexport const b = a;"],
    ['src/lib/wallet/snippet.ts', "import type { Store } from '../../worker/store.js';\nexport type B = Store;"],
    ['src/lib/wallet/snippet.ts', "import { a } from '../../worker/main.js';\nexport const b = a;"],
    ['src/routes/snippet.ts', "import { TernError } from '../wire/errors.js';\nexport const b = TernError;"],
    ['src/routes/snippet.ts', "import type { WalletApi } from '../worker/api.js';\nexport type B = WalletApi;"],
    ['src/service-worker.ts', "import { a } from '$lib/wallet/client';\nexport const b = a;"]
  ])('refuse in %s: %s', async (file, code) => {
    expect(await brokenRules(file, says + code)).toContain('house/import-walls');
  });

  it.each([
    ['src/wire/snippet.ts', "export { TernError } from './errors.js';"],
    [
      'src/worker/snippet.ts',
      "import { openDB } from 'idb';\nexport { TernError } from '../wire/errors.js';\nexport const b = openDB;"
    ],
    ['src/worker/snippet.ts', "import type { Balances } from '../../wasm/pkg/tern.js';\nexport type B = Balances;"],
    ['src/worker/snippet.test.ts', "import { a } from '../../tests/sim/world.js';\nexport const b = a;"],
    ['src/server/snippet.ts', "import { createServer } from 'node:http';\nexport const b = createServer;"],
    ['src/lib/ui/snippet.ts', "import { tick } from 'svelte';\nexport const b = tick;"],
    ['src/lib/wallet/snippet.ts', "import type { WalletApi } from '../../worker/api.js';\nexport type B = WalletApi;"],
    ['src/lib/wallet/snippet.ts', "import url from '../../worker/main.ts?worker&url';\nexport const b = url;"],
    ['src/routes/snippet.ts', "import { a } from '$lib/wallet/client';\nexport const b = a;"],
    ['tests/e2e/snippet.ts', "import { Store } from '../../src/worker/store.js';\nexport const b = Store;"]
  ])('let through in %s: %s', async (file, code) => {
    expect(await brokenRules(file, says + code)).toEqual([]);
  });
});

describe('the other house rules', () => {
  it.each([
    ['no-restricted-syntax', 'src/wire/snippet.ts', `${says}export default 1;`],
    ['no-restricted-syntax', 'src/wire/snippet.ts', `${says}const a = 1;\nexport { a as default };`],
    ['no-restricted-syntax', 'src/wire/snippet.ts', `${says}throw 'a string';`],
    ['@typescript-eslint/no-explicit-any', 'src/wire/snippet.ts', `${says}export const a: any = 1;`],
    ['@typescript-eslint/ban-ts-comment', 'src/wire/snippet.ts', `${says}// @ts-ignore\nexport const a = 1;`],
    ['house/first-line-comment', 'src/wire/snippet.ts', 'export const a = 1;'],
    ['house/first-line-comment', 'tests/sim/snippet.ts', `\n${says}`],
    ['house/first-line-comment', 'scripts/snippet.ts', 'export const a = 1;'],
    ['house/first-line-comment', 'src/lib/ui/Snippet.svelte', '<p>nothing said</p>'],
    ['no-console', 'src/worker/snippet.ts', `${says}console.log(1);`],
    ['house/long-file', 'src/wire/snippet.ts', says + 'export {};\n'.repeat(301)],
    ['max-lines', 'src/wire/snippet.ts', says + 'export {};\n'.repeat(401)]
  ])('%s can fail in %s', async (rule, file, code) => {
    expect(await brokenRules(file, code)).toContain(rule);
  });

  it('cannot be switched off from within a file', async () => {
    const code = `${says}/* eslint-disable */\nexport default 1; // eslint-disable-line`;
    expect(await brokenRules('src/wire/snippet.ts', code)).toContain('no-restricted-syntax');
  });

  // Typed rules need a file that the project knows; its text is replaced by the snippet.
  it('refuses a promise that nobody waits for', async () => {
    const code = `${says}async function a(): Promise<void> { await Promise.resolve(); }\na();\n`;
    expect(await brokenRules('src/wire/errors.ts', code, typed)).toContain('@typescript-eslint/no-floating-promises');
  }, 60_000);

  it('finds nothing in a sound file', async () => {
    expect(await brokenRules('src/wire/snippet.ts', `${says}export const a = 1;\n`)).toEqual([]);
  });
});
