// Proves that the verdict of a run cannot be better than the run was.
import { describe, expect, it } from 'vitest';
import { closingLine, judge, readSkips, type CaseOutcome, type SuiteOutcome } from './outcome.js';

function suite(cases: CaseOutcome[], exitCode = 0): SuiteOutcome {
  return { suite: 'unit', cases, exitCode, elapsedMs: 0 };
}

describe('the verdict', () => {
  it('counts what passed and what failed', () => {
    const verdict = judge(
      [suite([{ name: 'a', status: 'passed' }]), suite([{ name: 'b', status: 'failed', detail: 'boom' }], 1)],
      {}
    );
    expect(closingLine(verdict)).toBe('1 passed, 1 failed');
    expect(verdict.failures[0]?.detail).toBe('boom');
  });

  it('counts a skipped test as failed unless it is named with a reason', () => {
    const cases: CaseOutcome[] = [
      { name: 'a', status: 'passed' },
      { name: 'b', status: 'skipped' }
    ];
    expect(closingLine(judge([suite(cases)], {}))).toBe('1 passed, 1 failed');
    expect(closingLine(judge([suite(cases)], { unit: { b: 'needs a second machine' } }))).toBe('1 passed, 0 failed');
    expect(closingLine(judge([suite(cases)], { e2e: { b: 'named for another suite' } }))).toBe('1 passed, 1 failed');
  });

  it('counts a flaky test as failed, and no entry excuses a failed or flaky one', () => {
    const cases: CaseOutcome[] = [
      { name: 'a', status: 'flaky' },
      { name: 'b', status: 'failed' }
    ];
    expect(closingLine(judge([suite(cases, 1)], { unit: { a: 'slow', b: 'hard' } }))).toBe('0 passed, 2 failed');
  });

  it('counts a suite that ran no test as failed, even when its runner was content', () => {
    expect(closingLine(judge([suite([])], {}))).toBe('0 passed, 1 failed');
    const allSkipped = judge([suite([{ name: 'a', status: 'skipped' }])], { unit: { a: 'reason' } });
    expect(closingLine(allSkipped)).toBe('0 passed, 1 failed');
  });

  it('counts a runner that failed without a failed test as one failure', () => {
    expect(closingLine(judge([suite([{ name: 'a', status: 'passed' }], 1)], {}))).toBe('1 passed, 1 failed');
    const oneFailed: CaseOutcome[] = [
      { name: 'a', status: 'passed' },
      { name: 'b', status: 'failed' }
    ];
    expect(closingLine(judge([suite(oneFailed, 1)], {}))).toBe('1 passed, 1 failed');
  });
});

describe('the list of skips', () => {
  it('is read when every entry has a reason', () => {
    expect(readSkips('{"e2e": {"a": "because"}}')).toEqual({ e2e: { a: 'because' } });
  });

  it.each(['[]', '{"e2e": ["a"]}', '{"e2e": {"a": ""}}', '{"e2e": {"a": true}}', 'null'])(
    'is refused as %s',
    (text) => {
      expect(() => readSkips(text)).toThrow('tests/skips.json');
    }
  );
});
