// Owns the swap of hash-wasm for its memory in programs without vitest: to be called before the wallet's code is first imported.
import { register } from 'node:module';

/** From now on whoever imports hash-wasm gets `argon-memo.ts`. */
export function rememberArgon(): void {
  const memo = new URL('./argon-memo.ts', import.meta.url).href;
  const hook = `export const resolve = (specifier, context, next) =>
    next(specifier === 'hash-wasm' ? ${JSON.stringify(memo)} : specifier, context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
