// Proves that no sequence of frames makes the bridge fail or keep anything: hostile clients are told no, and an honest one is served after them.
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { Client, cleanUp, startBridge, startPeer } from './bridge-rig.js';

afterEach(cleanUp);

it('serves an honest client after any number of hostile ones', async () => {
  let peers = 0;
  const port = await startPeer((socket) => {
    peers += 1;
    socket.on('close', () => (peers -= 1)).pipe(socket);
  });
  const { url } = await startBridge();
  const frame = fc.oneof(
    fc.string(),
    fc.json(),
    fc.uint8Array({ maxLength: 2_000 }),
    fc.constantFrom(
      JSON.stringify({ type: 'open', host: '127.0.0.1', port }),
      JSON.stringify({ type: 'open', host: '127.0.0.1', port: 0 }),
      JSON.stringify({ type: 'open', host: '\0', port }),
      JSON.stringify({ type: 'open', host: 'a'.repeat(254), port }),
      JSON.stringify({ type: 'close' })
    )
  );
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), fc.boolean(), async (frames, isRude) => {
      const client = await Client.connect(url);
      for (const each of frames) client.socket.send(each);
      if (isRude) client.socket.terminate();
      else client.send({ type: 'close' });
      await client.until(() => client.ended);
    }),
    { numRuns: 150 }
  );
  const honest = await Client.connect(url);
  expect(await honest.open(port)).toEqual({ type: 'opened' });
  honest.socket.send('hello'.repeat(3), { binary: true });
  await honest.until(() => honest.received().length >= 15);
  expect(honest.received().toString()).toBe('hellohellohello');
  expect(peers).toBe(1);
});
