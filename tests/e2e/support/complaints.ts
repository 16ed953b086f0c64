// Owns what a browser complains about while a test runs: breaches of the content security policy in page and worker, uncaught errors.
import type { BrowserContext, Page, Worker } from '@playwright/test';

/** Everything heard so far; empty is good. */
export type Complaints = readonly string[];

/** Listens to all pages of the context and their workers, from their first script on. */
export async function collectComplaints(context: BrowserContext): Promise<Complaints> {
  const complaints: string[] = [];
  await context.exposeBinding('reportViolation', (_source, violation: string) => complaints.push(`page: ${violation}`));
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      const { reportViolation } = globalThis as unknown as { reportViolation(violation: string): void };
      const { violatedDirective, blockedURI } = event as SecurityPolicyViolationEvent;
      reportViolation(`${violatedDirective} ${blockedURI}`);
    });
  });
  const listen = (page: Page): void => {
    page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      if (/content security policy|trusted ?type/i.test(message.text())) complaints.push(`console: ${message.text()}`);
    });
    page.on('worker', (worker) => listenInWorker(worker));
  };
  context.on('page', listen);
  context.pages().forEach(listen);
  return complaints;
}

/** A worker has no binding: its breaches reach the console, and so the page. */
function listenInWorker(worker: Worker): void {
  const listening = worker.evaluate(() => {
    addEventListener('securitypolicyviolation', (event) => {
      const { violatedDirective, blockedURI } = event as SecurityPolicyViolationEvent;
      console.error(`Content Security Policy in the worker: ${violatedDirective} ${blockedURI}`);
    });
  });
  // A worker that ended before has nothing to say.
  listening.catch(() => undefined);
}
