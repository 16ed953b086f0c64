// Owns the shape of `/tern.json`: what the server that served the page offers. Defaults only, every one of them is a setting.

/** Bitcoin networks by the names used everywhere in Tern. */
export type NetworkName = 'bitcoin' | 'testnet4' | 'signet' | 'regtest';

/** How a wallet proves itself to a VSS server. */
export type VssAuth = { type: 'signature' } | { type: 'bearer'; token: string } | { type: 'none' };

/** `/tern.json`: what the server that served the page offers. All URLs are absolute. */
export interface ServerDefaults {
  network: NetworkName;
  esploraUrl: string;
  /** `ws(s)://…/ln`; the empty string where the server has no bridge. */
  bridgeUrl: string;
  rapidGossipUrl?: string;
  vssUrl?: string;
  vssAuth?: VssAuth;
  /** The server allows plain `http:` and `ws:` beyond loopback in its CSP. */
  allowInsecure?: boolean;
  /** Playground only: the faucet and the shop. */
  playground?: { faucetUrl: string; shopUrl: string };
}
