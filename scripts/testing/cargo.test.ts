// Proves that libtest's output is read whole: passed, failed, ignored, and what a failure printed.
import { describe, expect, it } from 'vitest';
import { readCargoOutput, readUnnamed } from './cargo.js';

const output = `
     Running unittests src/lib.rs (target/debug/deps/tern_node-0123456789abcdef)

running 4 tests
test keys::match_the_vectors ... ok
test fees::never_below_the_floor ... FAILED
test store::slow_disk ... ignored, needs a disk that lies
test scorer::refuses_rubbish - should panic ... ok

failures:

---- fees::never_below_the_floor stdout ----
thread 'fees::never_below_the_floor' panicked at node/src/fees.rs:10:5:
test of a line that looks like one ... ok

failures:
    fees::never_below_the_floor

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests tern_node
test node/src/lib.rs - (line 3) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
`.split('\n');

describe('the output of cargo test', () => {
  it('gives one outcome a test, and the words of a failure', () => {
    const cases = readCargoOutput(output);
    expect(cases.map((one) => [one.name, one.status])).toEqual([
      ['keys::match_the_vectors', 'passed'],
      ['fees::never_below_the_floor', 'failed'],
      ['store::slow_disk', 'skipped'],
      ['scorer::refuses_rubbish', 'passed'],
      ['node/src/lib.rs - (line 3)', 'passed']
    ]);
    expect(cases[1]?.detail).toContain('panicked at node/src/fees.rs:10:5');
  });

  it('agrees with its own summaries', () => {
    expect(readUnnamed(output, readCargoOutput(output))).toEqual([]);
  });

  it('counts what a quiet runner does not name', () => {
    const lines = [
      'test b ... FAILED',
      'test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out'
    ];
    const unnamed = readUnnamed(lines, readCargoOutput(lines));
    expect(unnamed.map((one) => one.status)).toEqual(['passed', 'passed']);
  });

  it('fails when lines and summaries contradict each other', () => {
    const lines = ['test a ... ok', 'test b ... ok', 'test result: ok. 1 passed; 0 failed; 0 ignored;'];
    expect(readUnnamed(lines, readCargoOutput(lines)).map((one) => one.status)).toEqual(['failed']);
  });

  it('has no outcome when nothing was compiled', () => {
    expect(readCargoOutput(['error: could not compile `tern-node`'])).toEqual([]);
  });
});
