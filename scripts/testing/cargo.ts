// Owns the reading of libtest's output (`cargo test`, `cargo xtask test-wasm`): every line that names a test becomes one outcome.
import type { CaseOutcome } from './outcome.js';

/** The outcomes in `lines`, with what a failed test printed. */
export function readCargoOutput(lines: string[]): CaseOutcome[] {
  const cases: CaseOutcome[] = [];
  const printed = new Map<string, string[]>();
  let block: string[] | undefined;
  for (const line of lines) {
    const header = /^---- (.+?) std(?:out|err) ----$/.exec(line);
    if (header?.[1] !== undefined) {
      block = [];
      printed.set(header[1], block);
    } else if (/^(failures:|test result:)/.test(line)) block = undefined;
    else block?.push(line);
    const one = block ? undefined : readLine(line);
    if (one) cases.push(one);
  }
  return cases.map((one) =>
    one.status === 'failed' ? { ...one, detail: printed.get(one.name)?.join('\n').trim() ?? '' } : one
  );
}

function readLine(line: string): CaseOutcome | undefined {
  const match = /^test (.+?)(?: - (?:should panic|compile|compile fail))? \.\.\. (ok|FAILED|ignored)\b/.exec(line);
  if (match?.[1] === undefined) return undefined;
  const status = match[2] === 'ok' ? 'passed' : match[2] === 'FAILED' ? 'failed' : 'skipped';
  return { name: match[1], status };
}

/**
 * What the summary lines count beyond the named tests, as outcomes without a name: a quiet runner names only what failed.
 * A count below the number of named tests is an outcome too, a failed one: then a line was misread.
 */
export function readUnnamed(lines: string[], named: CaseOutcome[]): CaseOutcome[] {
  const summaries = lines.map((line) => /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored;/.exec(line));
  return (['passed', 'failed', 'skipped'] as const).flatMap((status, index) => {
    const counted = summaries.reduce((sum, match) => sum + Number(match?.[index + 1] ?? 0), 0);
    const read = named.filter((one) => one.status === status).length;
    const name = `(a test that its runner did not name: ${status})`;
    if (counted >= read) return Array.from({ length: counted - read }, (): CaseOutcome => ({ name, status }));
    const detail = `${read} tests ${status} by name, ${counted} by the summaries`;
    return [{ name: '(the output of cargo)', status: 'failed', detail }];
  });
}
