// Runs the contract of a VSS server, over HTTP, against every target.
import { afterAll, beforeAll, describe } from 'vitest';
import { VssClient } from './client.js';
import { describeFacts } from './facts.js';
import { describeOurs, describeSignature } from './ours.js';
import { describeReference } from './reference.js';
import { targets } from './targets.js';

/** A cold PGlite or an installation of PostgreSQL takes its time. */
const START_TIMEOUT_MS = 180_000;
const TEST_TIMEOUT_MS = 60_000;

describe.each(targets)('$name', { timeout: TEST_TIMEOUT_MS }, (target) => {
  let running: { url: string; stop(): Promise<void> } | undefined;
  beforeAll(async () => {
    running = await target.start();
  }, START_TIMEOUT_MS);
  afterAll(() => running?.stop(), START_TIMEOUT_MS);

  const client = (): VssClient => {
    if (running === undefined) throw new Error('the server is not running');
    return new VssClient(running.url);
  };
  describeReference(client);
  describeFacts(client);
  if (target.isOurs) describeOurs(client);
  if (target.isAuthorizing) describeSignature(client);
});
