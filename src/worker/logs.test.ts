// Proves that the log keeps what it promises, and shows no secret whatever was written to it.
import { describe, expect, it } from 'vitest';
import { Logs } from './logs.js';
import { newEntropy, wordsOf } from './mnemonic.js';
import { redact } from './redact.js';

const hex64 = 'ab'.repeat(32);
const secrets: [string, string][] = [
  ['a private key in hex', hex64],
  ['a seed in hex', 'cd'.repeat(64)],
  ['an extended private key', `tprv8${'Zg'.repeat(50)}`],
  ['a WIF key', `c${'R'.repeat(51)}`],
  ['an invoice', `lnbcrt10u1${'p'.repeat(120)}`],
  ['a bearer token', 'Authorization: Bearer abc.def-123'],
  ['a JSON web token', 'eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl'],
  ['a token in a URL', 'https://host/vss?token=planted'],
  ['a preimage by name', 'preimage: planted'],
  ['bytes as Rust prints them', `[${Array.from({ length: 32 }, (_, index) => index + 100).join(', ')}]`],
  ['twelve words', wordsOf(new Uint8Array(16).fill(7))],
  [
    'numbered words',
    wordsOf(new Uint8Array(16).fill(9))
      .split(' ')
      .map((word, index) => `${index + 1}. ${word}`)
      .join('\n')
  ],
  ['words in an array', JSON.stringify(wordsOf(new Uint8Array(32).fill(3)).split(' '))]
];

describe('redact', () => {
  it.each(secrets)('hides %s', (_what, secret) => {
    const shown = redact(`xx ${secret} yy`);
    expect(shown).not.toContain(secret);
    expect(shown).not.toMatch(/planted|abc\.def|sdWIi/);
    expect(shown).toMatch(/^xx .*yy$/s);
    expect(shown).toMatch(/redacted|\[hex #/);
  });

  it('leaves no three words of a random mnemonic together', () => {
    for (let round = 0; round < 50; round += 1) {
      const words = wordsOf(newEntropy(24)).split(' ');
      const shown = redact(`restored: ${words.join(' ')}`);
      for (let at = 0; at + 3 <= words.length; at += 1) expect(shown).not.toContain(words.slice(at, at + 3).join(' '));
    }
  });

  it('gives equal hex the same fingerprint and other hex another, so that lines can be matched', () => {
    expect(redact(hex64)).toBe(redact(hex64.toUpperCase()));
    expect(redact(hex64)).not.toBe(redact('ac'.repeat(32)));
  });

  it('leaves plain messages alone', () => {
    const message = 'Peer 127.0.0.1:9735 closed the connection after 12 s; next attempt in 4 s (fee rate 253).';
    expect(redact(message)).toBe(message);
  });
});

describe('Logs', () => {
  it('keeps the last 2,000 lines in order', () => {
    let nowMs = 0;
    const logs = new Logs({ nowMs: () => (nowMs += 1) });
    for (let line = 1; line <= 2_500; line += 1) logs.write('info', 'test', `line ${line}`);
    const kept = logs.lines();
    expect(kept).toHaveLength(2_000);
    expect(kept[0]).toEqual({ atMs: 501, level: 'info', target: 'test', message: 'line 501' });
    expect(kept.at(-1)?.message).toBe('line 2500');
  });

  it('redacts before it keeps', () => {
    const logs = new Logs({ nowMs: () => 0 });
    logs.write('debug', 'node', `key ${hex64}`);
    expect(JSON.stringify(logs.lines())).not.toContain(hex64);
  });
});
