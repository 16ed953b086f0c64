// Proves that Playwright's report is read whole: nested suites, skips in every form, flaky tests and errors outside of any test.
import type { JSONReport, JSONReportSpec, JSONReportTest } from '@playwright/test/reporter';
import { describe, expect, it } from 'vitest';
import { readPlaywrightReport } from './playwright.js';

function spec(title: string, test: Partial<JSONReportTest>): JSONReportSpec {
  const whole = {
    projectName: 'chromium',
    annotations: [],
    results: [],
    status: 'expected',
    ...test
  } as JSONReportTest;
  return { title, tests: [whole], tags: [], ok: true, id: title, file: 'pay.spec.ts', line: 1, column: 1 };
}

const place = { file: 'pay.spec.ts', line: 0, column: 0 };
const report = {
  suites: [
    {
      ...place,
      title: 'pay.spec.ts',
      specs: [spec('pays', {}), spec('breaks', { status: 'unexpected' })],
      suites: [
        {
          ...place,
          title: 'on a phone',
          specs: [
            spec('wavers', { status: 'flaky' }),
            spec('waits', { status: 'skipped' }),
            spec('fails as expected', { annotations: [{ type: 'fail' }] })
          ]
        }
      ]
    }
  ],
  errors: [{ message: 'pay.spec.ts does not load' }]
} as unknown as JSONReport;

describe('the report of Playwright', () => {
  it('gives one outcome a test', () => {
    expect(readPlaywrightReport(report).map((one) => [one.name, one.status])).toEqual([
      ['[chromium] > pay.spec.ts > pays', 'passed'],
      ['[chromium] > pay.spec.ts > breaks', 'failed'],
      ['[chromium] > pay.spec.ts > on a phone > wavers', 'flaky'],
      ['[chromium] > pay.spec.ts > on a phone > waits', 'skipped'],
      ['[chromium] > pay.spec.ts > on a phone > fails as expected', 'skipped'],
      ['(outside of any test)', 'failed']
    ]);
  });

  it('says with a failure what the test attached as text', () => {
    const attachments = [
      { name: 'page', contentType: 'text/plain', body: Buffer.from('Nothing here').toString('base64') },
      { name: 'screenshot', contentType: 'image/png', path: 'test-failed-1.png' }
    ];
    const results = [{ errors: [{ message: 'not visible' }], attachments }] as unknown as JSONReportTest['results'];
    const file = { ...place, title: 'pay.spec.ts', specs: [spec('breaks', { status: 'unexpected', results })] };
    const [outcome] = readPlaywrightReport({ suites: [file], errors: [] } as unknown as JSONReport);
    expect(outcome?.detail).toBe('not visible\n--- page\nNothing here');
  });
});
