// Owns when a block is to be expected: ten minutes each from the last look at the chain, never in the past, and rounded up: an estimate must not promise.

const MS_PER_BLOCK = 600_000;
const MS_PER_DAY = 86_400_000;

/** The longest delay that the node grants to a peer's channel, between the closing's block and the one of the way back. */
export const FORCED_CLOSING_BLOCKS = 2016 + 2;

/** About when the chain is `blocks` longer than it was at `seenAtMs`. What should have happened by now is expected with the next block. */
export function expectedAtMs(blocks: number, seenAtMs: number, nowMs: number): number {
  const atMs = Math.max(seenAtMs + blocks * MS_PER_BLOCK, nowMs + MS_PER_BLOCK);
  return Math.ceil(atMs / MS_PER_BLOCK) * MS_PER_BLOCK;
}

/** The day, with the hour where it is near and the year where it is another. `languageTag`: BCP 47; `timeZone`: the device's, if absent. */
export function formatExpected(atMs: number, nowMs: number, languageTag: string, timeZone?: string): string {
  const isNear = atMs - nowMs < MS_PER_DAY;
  const yearOf = new Intl.DateTimeFormat('en', { year: 'numeric', timeZone });
  return new Intl.DateTimeFormat(languageTag, {
    day: 'numeric',
    month: 'short',
    ...(isNear && ({ hour: 'numeric', minute: '2-digit' } as const)),
    ...(yearOf.format(atMs) !== yearOf.format(nowMs) && ({ year: 'numeric' } as const)),
    timeZone
  }).format(atMs);
}
