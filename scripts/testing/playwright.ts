// Owns the reading of Playwright's JSON report: each test of each project becomes one outcome.
import type {
  JSONReport,
  JSONReportSpec,
  JSONReportSuite,
  JSONReportTest,
  JSONReportTestResult
} from '@playwright/test/reporter';
import type { CaseOutcome, CaseStatus } from './outcome.js';

/** The outcomes in a report. Errors outside of any test (a file that does not load) are failures of their own. */
export function readPlaywrightReport(report: JSONReport): CaseOutcome[] {
  const outside = report.errors.map((error): CaseOutcome => ({
    name: '(outside of any test)',
    status: 'failed',
    detail: error.stack ?? error.message ?? ''
  }));
  return [...report.suites.flatMap((suite) => outcomesOf(suite, [])), ...outside];
}

function outcomesOf(suite: JSONReportSuite, above: string[]): CaseOutcome[] {
  const titles = suite.title === '' ? above : [...above, suite.title];
  const nested = (suite.suites ?? []).flatMap((inner) => outcomesOf(inner, titles));
  return [...suite.specs.flatMap((spec) => outcomesOfSpec(spec, titles)), ...nested];
}

function outcomesOfSpec(spec: JSONReportSpec, titles: string[]): CaseOutcome[] {
  return spec.tests.map((test) => {
    const project = test.projectName === '' ? [] : [`[${test.projectName}]`];
    const outcome: CaseOutcome = { name: [...project, ...titles, spec.title].join(' > '), status: statusOf(test) };
    const detail = test.results
      .flatMap(({ errors, attachments }) => [
        ...errors.map((error) => error.message ?? ''),
        ...attachments.flatMap(textOf)
      ])
      .join('\n');
    return detail === '' ? outcome : { ...outcome, detail };
  });
}

/** What a test attached as text: it does so when it fails. */
function textOf({ name, contentType, body }: JSONReportTestResult['attachments'][number]): string[] {
  if (contentType !== 'text/plain' || body === undefined) return [];
  return [`--- ${name}\n${Buffer.from(body, 'base64').toString()}`];
}

function statusOf(test: JSONReportTest): CaseStatus {
  if (test.status === 'unexpected') return 'failed';
  if (test.status === 'flaky') return 'flaky';
  // `test.fail()` turns a failure into the expected result: such a test proves nothing yet.
  const isExcused = test.annotations.some(({ type }) => ['fail', 'fixme', 'skip'].includes(type));
  return test.status === 'skipped' || isExcused ? 'skipped' : 'passed';
}
