// Owns the answer of `/tern.json`: the services of this server, under the URL by which the asking browser reached it.
import type { IncomingMessage } from 'node:http';
import type { ServerDefaults } from '../wire/defaults.js';
import type { ServerOptions } from './options.js';

/** What a wallet served from here starts with. `listeningUrl` stands in where the request names no usable host. */
export function serverDefaults(options: ServerOptions, request: IncomingMessage, listeningUrl: string): ServerDefaults {
  const base = options.publicUrl ?? requestedUrl(request) ?? listeningUrl;
  const { vss } = options;
  return {
    network: options.network,
    esploraUrl: options.esploraUrl,
    bridgeUrl: options.bridge === undefined ? '' : `${base.replace(/^http/, 'ws')}/ln`,
    ...(options.rapidGossipUrl !== undefined && { rapidGossipUrl: options.rapidGossipUrl }),
    ...(vss !== undefined && { vssUrl: `${base}/vss` }),
    ...(vss?.type === 'store' && { vssAuth: { type: vss.auth } }),
    ...(options.allowInsecure && { allowInsecure: true }),
    ...(options.playground !== undefined && { playground: options.playground })
  };
}

function requestedUrl(request: IncomingMessage): string | undefined {
  const url = `http://${request.headers.host ?? ''}`;
  return URL.canParse(url) && new URL(url).host !== '' ? new URL(url).origin : undefined;
}
