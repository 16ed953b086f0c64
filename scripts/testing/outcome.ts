// Owns the verdict of a test run: whatever did not plainly pass counts as failed, unless it is named, with a reason, in tests/skips.json.
import { TernError } from '../../src/wire/errors.js';

/** `flaky`: passed only when tried again. `skipped` includes todo and ignored tests and those expected to fail. */
export type CaseStatus = 'passed' | 'failed' | 'skipped' | 'flaky';

export interface CaseOutcome {
  name: string;
  status: CaseStatus;
  /** What the runner said of a failure. */
  detail?: string;
}

export interface SuiteOutcome {
  suite: string;
  cases: CaseOutcome[];
  exitCode: number;
  elapsedMs: number;
}

/** Suite -> test name -> the reason why it may be skipped. */
export type Skips = Record<string, Record<string, string>>;

export interface Failure {
  suite: string;
  name: string;
  reason: string;
  detail: string;
}

export interface Verdict {
  passed: number;
  failures: Failure[];
  /** Skipped, and allowed to be. */
  excused: { suite: string; name: string; reason: string }[];
}

/** Counts the outcomes of all suites. A suite that ran nothing, or whose runner failed without a failed test, is a failure too. */
export function judge(suites: SuiteOutcome[], skips: Skips): Verdict {
  const verdict: Verdict = { passed: 0, failures: [], excused: [] };
  for (const suite of suites) {
    const failuresBefore = verdict.failures.length;
    for (const one of suite.cases) judgeCase(verdict, suite.suite, one, skips[suite.suite]?.[one.name]);
    const ran = suite.cases.filter((one) => one.status !== 'skipped').length;
    const fail = (reason: string) =>
      verdict.failures.push({ suite: suite.suite, name: '(the suite)', reason, detail: '' });
    if (ran === 0) fail('ran no test');
    else if (suite.exitCode !== 0 && verdict.failures.length === failuresBefore) {
      fail(`its runner ended with exit code ${suite.exitCode}, though no test failed; see its messages above`);
    }
  }
  return verdict;
}

function judgeCase(verdict: Verdict, suite: string, one: CaseOutcome, excuse: string | undefined): void {
  if (one.status === 'passed') verdict.passed += 1;
  else if (one.status === 'skipped' && excuse !== undefined)
    verdict.excused.push({ suite, name: one.name, reason: excuse });
  else {
    const reasons = {
      failed: 'failed',
      skipped: 'skipped, and not named in tests/skips.json',
      flaky: 'passed only when tried again'
    };
    verdict.failures.push({ suite, name: one.name, reason: reasons[one.status], detail: one.detail ?? '' });
  }
}

/**
 * Reads the text of tests/skips.json.
 * @throws TernError `invalid_argument` when it has another form, or an entry without a reason
 */
export function readSkips(text: string): Skips {
  const skips: unknown = JSON.parse(text);
  const isTable = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const isReason = (value: unknown) => typeof value === 'string' && value.trim().length > 0;
  if (isTable(skips) && Object.values(skips).every((suite) => isTable(suite) && Object.values(suite).every(isReason))) {
    return skips as Skips;
  }
  const cause = 'tests/skips.json must be {"suite": {"test name": "reason"}}, every reason given';
  throw new TernError('invalid_argument', cause, 'Mend tests/skips.json.');
}

/** The one line a run closes with. */
export function closingLine(verdict: Verdict): string {
  return `${verdict.passed} passed, ${verdict.failures.length} failed`;
}
