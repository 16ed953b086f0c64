// Owns the WASM node of one run: every run has an instance of its own, so that nothing of one run can be felt in the next.
import { readFile } from 'node:fs/promises';
import type { NodeModule } from '../../src/worker/platform.js';

const GLUE = new URL('../../wasm/pkg/tern.js', import.meta.url);
const BYTES = new URL('../../wasm/pkg/tern_bg.wasm', import.meta.url);

interface Glue {
  default(input: { module_or_path: WebAssembly.Module }): Promise<unknown>;
  TernNode: NodeModule;
}

let compiling: Promise<WebAssembly.Module> | undefined;
let instances = 0;

/** A new instance of the node's module. What it leaves to the garbage collector is never freed within a run: a collection comes at no fixed time. */
export async function freshNodeModule(): Promise<NodeModule> {
  compiling ??= readFile(BYTES).then((bytes) => WebAssembly.compile(bytes));
  const module = await compiling;
  // Node.js loads these when they are first named, and they need the real registry.
  new Request('https://esplora.sim');
  const registry = globalThis.FinalizationRegistry;
  Reflect.set(globalThis, 'FinalizationRegistry', undefined);
  try {
    const glue = (await import(/* @vite-ignore */ `${GLUE.href}?instance=${(instances += 1)}`)) as Glue;
    await glue.default({ module_or_path: module });
    return glue.TernNode;
  } finally {
    Reflect.set(globalThis, 'FinalizationRegistry', registry);
  }
}
