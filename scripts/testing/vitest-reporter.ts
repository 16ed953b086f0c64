// Owns what a vitest run leaves for scripts/test.ts: one JSON line a test, retries and files that failed to load included.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { CaseOutcome } from './outcome.js';

/** Where the report goes: the runner that started vitest says so. */
export const reportVariable = 'TERN_TEST_REPORT';

/** A vitest reporter; vitest wants it as the default export. */
export default class OutcomeReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const outcomes = modules.flatMap((module) =>
      [...module.children.allTests()].map(outcomeOf).concat(loadErrorsOf(module))
    );
    for (const error of unhandledErrors) {
      outcomes.push({ name: 'an error outside of any test', status: 'failed', detail: error.stack ?? error.message });
    }
    const file = process.env[reportVariable];
    if (file !== undefined) writeFileSync(file, outcomes.map((outcome) => JSON.stringify(outcome)).join('\n'));
  }
}

function outcomeOf(test: TestCase): CaseOutcome {
  const name = `${relative(process.cwd(), test.module.moduleId)} > ${test.fullName}`;
  const result = test.result();
  if (result.state === 'passed') {
    // `test.fails` turns a failure into a pass: such a test proves nothing yet.
    if (test.options.fails) return { name, status: 'skipped' };
    return { name, status: test.diagnostic()?.flaky ? 'flaky' : 'passed' };
  }
  if (result.state === 'failed') return { name, status: 'failed', detail: describeErrors(result.errors) };
  return { name, status: 'skipped' };
}

/** Errors of a file or a hook belong to no test, yet they are failures. */
function loadErrorsOf(module: TestModule): CaseOutcome[] {
  const errors = [module.errors(), ...[...module.children.allSuites()].map((suite) => suite.errors())].flat();
  if (errors.length === 0) return [];
  return [
    {
      name: `${relative(process.cwd(), module.moduleId)} > (the file)`,
      status: 'failed',
      detail: describeErrors(errors)
    }
  ];
}

function describeErrors(errors: readonly SerializedError[]): string {
  return errors.map((error) => error.stack ?? error.message).join('\n');
}
