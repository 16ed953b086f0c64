// Owns the worker's entry in a browser: gives the wallet IndexedDB, WebSocket, fetch and the WASM node, and exposes its API. The only file here that needs a browser.
import { expose } from 'comlink';
import type { Network } from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import { answer, answering } from './answer.js';
import type { Answer, WalletApi, WorkerBoot } from './api.js';
import type { OpenBackup } from './backup-seam.js';
import { systemClock } from './clock.js';
import { IdbDisk } from './idb.js';
import { loadOnce } from './load-once.js';
import { Logs } from './logs.js';
import type { Platform } from './platform.js';
import { Wallet } from './wallet.js';
import { fitWebSocket } from './web-socket.js';

/** What the page talks to: `boot` first, once; afterwards the whole API. `wake`: the network is back. */
export type Worker = WalletApi & { boot(boot: WorkerBoot): Promise<Answer<void>>; wake(): void };

const sleepers = new Set<() => void>();

const worker = {
  wake: (): void => sleepers.forEach((wake) => wake()),
  boot: ({ wasmUrl, network, defaults }: WorkerBoot): Promise<Answer<void>> => {
    const logs = new Logs(systemClock);
    return answer(logs, 'boot', async () => {
      if (defaults.network !== network)
        throw new TernError('wrong_network', 'The server is for another network.', 'Reload the page.');
      const wallet = await Wallet.open(browserPlatform(network, wasmUrl), defaults, { openBackup, logs });
      Object.assign(worker, answering(wallet, logs));
    });
  }
};
expose(worker);

/** Loaded only for a wallet that has a backup. */
const openBackup: OpenBackup = async (context) => (await import('./backup/open.js')).openBackup(context);

function browserPlatform(network: Network, wasmUrl: string): Platform {
  const diskName = `tern-${network}`;
  return {
    network,
    clock: systemClock,
    deviceName: deviceName(),
    random: () => Math.random(),
    openDisk: () => IdbDisk.open(diskName),
    eraseDisk: () => IdbDisk.delete(diskName),
    loadNode: loadOnce(async () => {
      const { default: init, TernNode } = await import('../../wasm/pkg/tern.js');
      await init({ module_or_path: wasmUrl });
      return TernNode;
    }),
    openWebSocket: (url, handlers) => fitWebSocket(new WebSocket(url), handlers),
    fetch: (input, options) => fetch(input, options),
    onWake: (wake) => {
      sleepers.add(wake);
      return () => sleepers.delete(wake);
    }
  };
}

/** A name such as "Firefox on Linux", to tell one's devices apart. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const find = (names: [RegExp, string][], fallback: string): string =>
    names.find(([sign]) => sign.test(agent))?.[1] ?? fallback;
  const browser = find(
    [
      [/Edg\//, 'Edge'],
      [/OPR\//, 'Opera'],
      [/Firefox\//, 'Firefox'],
      [/Chrom(?:e|ium)\//, 'Chrome'],
      [/Safari\//, 'Safari']
    ],
    'Browser'
  );
  const system = find(
    [
      [/Android/, 'Android'],
      [/iPhone|iPad/, 'iOS'],
      [/Windows/, 'Windows'],
      [/Mac OS/, 'macOS'],
      [/Linux/, 'Linux']
    ],
    'this device'
  );
  return `${browser} on ${system}`;
}
