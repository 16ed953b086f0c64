// Owns what a log line may show: whatever looks like a secret is replaced before the line is kept anywhere.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { wordlist } from '@scure/bip39/wordlists/english.js';

const WORDS = new Set(wordlist);
/** As many list words in a row are taken for part of a mnemonic; prose rarely has them. */
const SUSPICIOUS_WORD_RUN = 6;
const MOST_LINE_CHARACTERS = 4_000;

/** Replaces keys, seeds, preimages, invoices, tokens and words. Long hex becomes a fingerprint, so that lines can still be matched. */
export function redact(text: string): string {
  return redactWords(
    text
      .slice(0, MOST_LINE_CHARACTERS)
      .replace(/(?<![0-9a-zA-Z])[xtyzuv]prv[1-9A-HJ-NP-Za-km-z]{20,}/gi, '[redacted key]')
      .replace(/\bln(?:bcrt|bc|tbs|tb)[0-9]*[munp]?1[02-9ac-hj-np-z]{40,}/gi, '[redacted invoice]')
      .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted token]')
      .replace(/\b(authorization["']?\s*[=:]\s*["']?)(?:\w+ )?[^\s,;"']+/gi, '$1[redacted]')
      .replace(/\bbearer\s+[^\s,;"']+/gi, 'bearer [redacted]')
      .replace(
        /\b(macaroon|token|password|passphrase|secret|seed|mnemonic|preimage|api[-_]?key)(["']?\s*[=:]\s*["']?)[^\s,;&"']+/gi,
        '$1$2[redacted]'
      )
      .replace(/[0-9a-fA-F]{64,}/g, (hex) => `[hex #${fingerprint(hex)}]`)
      .replace(/\[\s*\d{1,3}(?:\s*,\s*\d{1,3}){15,}\s*,?\s*\]/g, '[redacted bytes]')
      .replace(/(?<![0-9A-Za-z])[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}(?![0-9A-Za-z])/g, '[redacted key]')
      .replace(/(?<![\w+/])[A-Za-z0-9+/_-]{86,}={0,2}/g, '[redacted blob]')
  );
}

/** 32 bits of a hash: enough to match two lines, useless to find the secret. */
function fingerprint(hex: string): string {
  return bytesToHex(sha256(new TextEncoder().encode(hex.toLowerCase()))).slice(0, 8);
}

/** Hides runs of list words, also when they are numbered, quoted or set apart by commas. */
function redactWords(text: string): string {
  const parts = text.split(/([a-zA-Z]+)/);
  for (let first = 1; first < parts.length; first += 2) {
    let end = first;
    while (end < parts.length && isListWord(parts[end]) && (end === first || isGap(parts[end - 1]))) end += 2;
    if ((end - first) / 2 < SUSPICIOUS_WORD_RUN) continue;
    parts[first] = '[redacted words]';
    parts.fill('', first + 1, end - 1);
    first = end - 2;
  }
  return parts.join('');
}

function isListWord(part: string | undefined): boolean {
  return part !== undefined && WORDS.has(part.toLowerCase());
}

function isGap(part: string | undefined): boolean {
  return part !== undefined && part.length <= 8 && /^[\s\d,.;:"'()[\]-]+$/.test(part);
}
