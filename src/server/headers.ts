// Owns the security headers of every answer: nothing runs, frames or is loaded but what this server serves, while users choose their servers freely.
import { createHash } from 'node:crypto';

/** What of a page stands inline and is let through by hash, never by 'unsafe-inline'. */
export interface InlineHashes {
  scripts: string[];
  styles: string[];
  styleAttributes: string[];
}

/** Trusted Types policies: Svelte's templates, kit's service worker, and the wallet's loader of its one worker. */
export const TRUSTED_TYPES_POLICIES = ['svelte-trusted-html', 'sveltekit-trusted-url', 'tern-worker'] as const;

const LOOPBACK_SOURCES = ['localhost', '127.0.0.1'].flatMap((host) => [`http://${host}:*`, `ws://${host}:*`]);
const OWN_FEATURES = [
  'camera',
  'clipboard-read',
  'clipboard-write',
  'publickey-credentials-create',
  'publickey-credentials-get'
];
const CLOSED_FEATURES = [
  'accelerometer',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb'
];

/** The headers of every answer, also of workers, WASM and errors. `allowInsecure` lets pages reach `http:` and `ws:` beyond loopback. */
export function securityHeaders(inline: InlineHashes, allowInsecure: boolean): Record<string, string> {
  return {
    'content-security-policy': contentSecurityPolicy(inline, allowInsecure),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'permissions-policy': permissionsPolicy(),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin'
  };
}

/** Hashes what stands inline in a built page: scripts without `src`, `<style>` elements and `style` attributes (CSP level 3, 8.2 and 8.3). */
export function hashInline(html: string): InlineHashes {
  const scripts = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/gi)];
  const styles = [...html.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/gi)];
  const attributes = [...html.matchAll(/\sstyle="([^"]*)"/gi)];
  return {
    scripts: scripts.map((match) => sourceHash(match[1] ?? '')),
    styles: styles.map((match) => sourceHash(match[1] ?? '')),
    styleAttributes: attributes.map((match) => sourceHash(match[1] ?? ''))
  };
}

function contentSecurityPolicy(inline: InlineHashes, allowInsecure: boolean): string {
  const attributeHashes = [...new Set(inline.styleAttributes)];
  const insecure = allowInsecure ? ['http:', 'ws:'] : [];
  const directives: Record<string, string[]> = {
    'default-src': ["'none'"],
    'script-src': ["'self'", "'wasm-unsafe-eval'", ...new Set(inline.scripts)],
    'style-src': ["'self'", ...new Set(inline.styles)],
    ...(attributeHashes.length > 0 && { 'style-src-attr': ["'unsafe-hashes'", ...attributeHashes] }),
    'img-src': ["'self'", 'data:', 'blob:'],
    'media-src': ["'self'", 'blob:'],
    'font-src': ["'self'"],
    'manifest-src': ["'self'"],
    'connect-src': ["'self'", 'https:', 'wss:', ...LOOPBACK_SOURCES, ...insecure],
    'worker-src': ["'self'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
    'base-uri': ["'none'"],
    'object-src': ["'none'"],
    'require-trusted-types-for': ["'script'"],
    'trusted-types': [...TRUSTED_TYPES_POLICIES]
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ');
}

function permissionsPolicy(): string {
  return [
    ...OWN_FEATURES.map((feature) => `${feature}=(self)`),
    ...CLOSED_FEATURES.map((feature) => `${feature}=()`)
  ].join(', ');
}

function sourceHash(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
