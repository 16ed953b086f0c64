// Owns the wallet's surroundings under Node.js: TCP and `ws` for sockets, the WASM node from a file. For tests, the playground and programs; no browser file imports it.
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import init, { TernNode } from '../../wasm/pkg/tern.js';
import type { Network } from '../../wasm/pkg/tern.js';
import { systemClock } from './clock.js';
import type { Disk } from './disk.js';
import { loadOnce } from './load-once.js';
import type { NodeModule, Platform } from './platform.js';
import { fitTcpSocket } from './platform-tcp.js';
import { fitWebSocket } from './web-socket.js';

const WASM_FILE = new URL('../../wasm/pkg/tern_bg.wasm', import.meta.url);

export interface NodePlatformOptions {
  network: Network;
  deviceName: string;
  openDisk: () => Promise<Disk>;
  eraseDisk: () => Promise<void>;
}

/** Loads the WASM node from the build's folder, once a process. */
export const loadNodeModule = loadOnce<NodeModule>(async () => {
  await init({ module_or_path: await readFile(WASM_FILE) });
  return TernNode;
});

/** A platform that dials peers over TCP. Spread it and replace what a test needs otherwise. */
export function nodePlatform(options: NodePlatformOptions): Platform {
  return {
    ...options,
    clock: systemClock,
    random: () => Math.random(),
    loadNode: loadNodeModule,
    openWebSocket: (url, handlers) => fitWebSocket(new WebSocket(url), handlers),
    openTcp: (host, port, handlers) => fitTcpSocket(connect({ host, port }), handlers),
    fetch: (input, request) => fetch(input, request)
  };
}
