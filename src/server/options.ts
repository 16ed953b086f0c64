// Owns what a server can be started with, by the command line, a test or the playground; no default hides here that changes who may reach what.
import type { Logger } from 'pino';
import type { NetworkName, ServerDefaults } from '../wire/defaults.js';
import type { BridgeOptions } from './bridge.js';
import type { VssOptions } from './vss/service.js';

/** Everything that a companion server needs to know. */
export interface ServerOptions {
  /** The address to listen on, such as `127.0.0.1`. */
  host: string;
  /** 0 lets the system choose. */
  port: number;
  network: NetworkName;
  esploraUrl: string;
  rapidGossipUrl?: string;
  /** Where browsers find this server, if not under the host they ask for (a proxy in front that ends TLS). */
  publicUrl?: string;
  /** The built app; absent: no app is served. */
  staticDir?: string;
  /** Pages may reach `http:` and `ws:` beyond loopback. */
  allowInsecure: boolean;
  /** What differs from `BRIDGE_DEFAULTS`; absent: no bridge. */
  bridge?: Partial<BridgeOptions>;
  /** Absent: no VSS. */
  vss?: VssOptions;
  playground?: ServerDefaults['playground'];
  /** Absent: nothing is logged. */
  log?: Logger;
}
