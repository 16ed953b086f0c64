// Owns the part of the benchmarks that runs in a browser's worker, as the wallet does: IndexedDB, the module and the wallet itself, each timed from inside.
import { expose } from 'comlink';
import init, { TernNode } from '../../wasm/pkg/tern.js';
import { systemClock } from '../../src/worker/clock.js';
import { IdbDisk } from '../../src/worker/idb.js';
import { Logs } from '../../src/worker/logs.js';
import { NodeDriver } from '../../src/worker/node.js';
import type { Platform } from '../../src/worker/platform.js';
import { Store } from '../../src/worker/store.js';
import { Wallet } from '../../src/worker/wallet.js';
import { fitWebSocket } from '../../src/worker/web-socket.js';
import type { RowKey } from '../../src/worker/disk.js';

const WASM_URL = '/node.wasm';
/** Nobody answers there: a wallet starts before it has looked at the chain. */
const ESPLORA_URL = 'http://127.0.0.1:9';
const PASSWORD = 'correct horse battery';
const VALUE_BYTES = 512;

/** A disk's content as it crosses the wire: values in base64. */
export interface OfferedContent {
  rows: { row: RowKey; value: string }[];
  local: [name: string, value: string][];
}

/** Times in ms. Call one of them a worker: the next worker is as cold as this one was. */
export interface BrowserBench {
  /** In turns: one commit of `count` new rows, and `count` commits of one new row, one after the other. */
  commitRows(count: number, rounds: number): Promise<{ batchMs: number[]; singlyMs: number[] }>;
  /** Fetches, compiles and instantiates the module, and nothing else. */
  instantiate(imports: WebAssembly.ModuleImportDescriptor[]): Promise<number>;
  /** The same, and a node of a new wallet started from and on an empty disk, so far that it answers. */
  startNode(): Promise<number>;
  /** Makes a disk with what the server offers under this name. */
  fill(name: string): Promise<void>;
  /** Unlocks the wallet of that disk. */
  unlock(name: string): Promise<{ unlockMs: number; loadingMs: number }>;
}

const bench: BrowserBench = {
  commitRows: (count, rounds) =>
    onNewDisk(async (disk) => {
      const [batchMs, singlyMs]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round += 1) {
        const [batch, single] = [newRows(count), newRows(count)];
        batchMs.push(await timed(() => disk.commit({ puts: batch, removes: [] })));
        singlyMs.push(
          await timed(async () => {
            for (const put of single) await disk.commit({ puts: [put], removes: [] });
          })
        );
      }
      return { batchMs, singlyMs };
    }),
  instantiate: (imports) => {
    const nothing: WebAssembly.Imports = {};
    for (const { module, name } of imports) (nothing[module] ??= {})[name] = () => undefined;
    return timed(() => WebAssembly.instantiateStreaming(fetch(WASM_URL), nothing));
  },
  startNode: () =>
    onNewDisk(async (disk) => {
      const driver = newNode(disk);
      const elapsedMs = await timed(() => driver.start(crypto.getRandomValues(new Uint8Array(64))));
      await driver.stop();
      return elapsedMs;
    }),
  async fill(name) {
    const content = (await (await fetch(`/offered/${name}`)).json()) as OfferedContent;
    const disk = await IdbDisk.open(name);
    const puts = content.rows.map(({ row, value }) => ({ row, value: bytesOf(value) }));
    const local = content.local.map(([key, value]) => ({ name: key, value: bytesOf(value) }));
    await disk.commit({ puts, removes: [], local });
    await disk.close();
  },
  async unlock(name) {
    const defaults = { network: 'regtest', esploraUrl: ESPLORA_URL, bridgeUrl: '' } as const;
    const wallet = await Wallet.open(platform(name), defaults);
    let loadingSinceMs = Number.NaN;
    await wallet.subscribe((event) => {
      if (event.type === 'status' && event.status.step === 'loading') loadingSinceMs = performance.now();
    });
    const beganMs = performance.now();
    await wallet.unlock(PASSWORD);
    const readyMs = performance.now();
    await wallet.info();
    await wallet.lock();
    return { unlockMs: readyMs - beganMs, loadingMs: readyMs - loadingSinceMs };
  }
};
expose(bench);

function newNode(disk: IdbDisk): NodeDriver {
  return new NodeDriver({
    platform: platform(''),
    store: new Store(disk),
    logs: new Logs(systemClock),
    config: { network: 'regtest', esploraUrl: ESPLORA_URL, pollIntervalSeconds: 60, isQuarantined: false },
    dialOptions: () => ({ bridgeUrl: '', allowInsecure: false }),
    onEvent: () => undefined,
    onPeer: () => undefined,
    onUnsent: () => undefined,
    onHalt: (error) => {
      throw error;
    }
  });
}

function platform(diskName: string): Platform {
  return {
    network: 'regtest',
    clock: systemClock,
    deviceName: 'bench',
    random: () => Math.random(),
    openDisk: () => IdbDisk.open(diskName),
    eraseDisk: () => IdbDisk.delete(diskName),
    loadNode: async () => {
      await init({ module_or_path: WASM_URL });
      return TernNode;
    },
    openWebSocket: (url, handlers) => fitWebSocket(new WebSocket(url), handlers),
    fetch: (input, options) => fetch(input, options)
  };
}

async function onNewDisk<T>(run: (disk: IdbDisk) => Promise<T>): Promise<T> {
  const name = `bench ${crypto.randomUUID()}`;
  const disk = await IdbDisk.open(name);
  try {
    return await run(disk);
  } finally {
    await disk.close();
    await IdbDisk.delete(name);
  }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await run();
  return performance.now() - beganMs;
}

function newRows(count: number): { row: RowKey; value: Uint8Array }[] {
  return Array.from({ length: count }, () => ({
    row: { primary: 'bench', secondary: '', key: crypto.randomUUID() },
    value: crypto.getRandomValues(new Uint8Array(VALUE_BYTES))
  }));
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
