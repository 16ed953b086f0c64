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

/** How many tests the summary lines speak of. It must equal what was read, or a line was missed. */
export function countInSummaries(lines: string[]): number {
  const summary = /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored;/;
  return lines.reduce((total, line) => {
    const match = summary.exec(line);
    return match ? total + Number(match[1]) + Number(match[2]) + Number(match[3]) : total;
  }, 0);
}
