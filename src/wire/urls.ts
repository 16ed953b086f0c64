// Owns what a service URL may be: encrypted, or on this machine, unless the user switched plain text on.
import { TernError } from './errors.js';

const SCHEMES = {
  http: { secure: 'https:', plain: 'http:' },
  websocket: { secure: 'wss:', plain: 'ws:' }
} as const;

/** Checks a URL a user gave; answers its canonical text. Throws `invalid_url`, or `insecure_url` for plain text beyond loopback. */
export function checkUrl(text: string, kind: keyof typeof SCHEMES, allowInsecure: boolean): string {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw invalidUrl(kind);
  }
  const { secure, plain } = SCHEMES[kind];
  if ((url.protocol !== secure && url.protocol !== plain) || url.username || url.password || url.hash)
    throw invalidUrl(kind);
  if (url.protocol === plain && !isLoopback(url) && !allowInsecure) throw insecureUrl(url);
  return url.href.replace(/\/+$/, '');
}

/** RFC 6761 and RFC 1122: names and addresses that never leave this machine. */
export function isLoopback(url: URL): boolean {
  const host = url.hostname;
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function invalidUrl(kind: keyof typeof SCHEMES): TernError {
  const { secure } = SCHEMES[kind];
  return new TernError(
    'invalid_url',
    `The address must be a ${secure}// URL without a password or fragment.`,
    'Check the address.'
  );
}

function insecureUrl(url: URL): TernError {
  return new TernError(
    'insecure_url',
    `${url.protocol}//${url.host} is not encrypted: others on the network could read and change what is sent.`,
    'Use an encrypted address, or allow insecure addresses in the settings.'
  );
}
