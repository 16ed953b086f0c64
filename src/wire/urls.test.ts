// Proves which service URLs are let in.
import { describe, expect, it } from 'vitest';
import { checkUrl } from './urls.js';

describe('checkUrl', () => {
  it.each([
    ['https://example.com/api/', 'http', 'https://example.com/api'],
    ['http://localhost:3000', 'http', 'http://localhost:3000'],
    ['http://127.0.0.1:3000/api', 'http', 'http://127.0.0.1:3000/api'],
    ['http://[::1]:3000', 'http', 'http://[::1]:3000'],
    ['wss://example.com/ln', 'websocket', 'wss://example.com/ln'],
    ['ws://app.localhost/ln', 'websocket', 'ws://app.localhost/ln']
  ] as const)('accepts %s', (text, kind, canonical) => {
    expect(checkUrl(text, kind, false)).toBe(canonical);
  });

  it.each([
    ['http://example.com', 'http'],
    ['ws://10.0.0.1/ln', 'websocket'],
    ['http://127.0.0.1.example.com', 'http'],
    ['http://localhost.example.com', 'http']
  ] as const)('refuses plain text to %s unless it was allowed', (text, kind) => {
    expect(() => checkUrl(text, kind, false)).toThrow(expect.objectContaining({ code: 'insecure_url' }));
    expect(checkUrl(text, kind, true)).toBe(text);
  });

  it.each([
    ['', 'http'],
    ['example.com', 'http'],
    ['wss://example.com', 'http'],
    ['https://example.com', 'websocket'],
    ['javascript:alert(1)', 'http'],
    ['https://user:secret@example.com', 'http'],
    ['https://example.com/#x', 'http']
  ] as const)('refuses %j as a %s URL even when insecure ones are allowed', (text, kind) => {
    expect(() => checkUrl(text, kind, true)).toThrow(expect.objectContaining({ code: 'invalid_url' }));
  });
});
