// Proves what the page is told when its worker dies: the cause of that, by every call that waits, though the page gives the connection up at once.
import { expose } from 'comlink';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ServerDefaults } from '../../worker/api.js';
import type { ErrorShape } from '../../wire/errors.js';
import { startWorker, type Connection } from './client.js';

const defaults: ServerDefaults = { network: 'regtest', esploraUrl: '', bridgeUrl: '' };

/** A worker that boots, answers nothing else, and dies on demand. */
class DyingWorker {
  static last: DyingWorker;
  onerror: ((event: { message: string }) => void) | undefined;
  readonly #channel = new MessageChannel();
  readonly postMessage = this.#channel.port1.postMessage.bind(this.#channel.port1);
  readonly addEventListener = this.#channel.port1.addEventListener.bind(this.#channel.port1);
  readonly removeEventListener = this.#channel.port1.removeEventListener.bind(this.#channel.port1);

  constructor() {
    DyingWorker.last = this;
    const boots = (): Promise<unknown> => Promise.resolve({ ok: true });
    expose({ boot: boots, subscribe: boots, balances: () => new Promise(() => undefined) }, this.#channel.port2);
    this.#channel.port1.start();
  }

  die(message: string): void {
    this.onerror?.({ message });
  }

  terminate(): void {
    this.#channel.port1.close();
  }
}

afterEach(() => vi.unstubAllGlobals());

describe('a worker that dies', () => {
  it('is told of by its own cause to whoever waits for an answer, and not as a wallet that was locked', async () => {
    vi.stubGlobal('Worker', DyingWorker);
    vi.stubGlobal('location', { href: 'https://tern.example/' });
    vi.stubGlobal('addEventListener', () => undefined);
    vi.stubGlobal('removeEventListener', () => undefined);
    const told: ErrorShape[] = [];
    const connection: Connection = await startWorker(
      defaults,
      () => undefined,
      (error) => {
        told.push(error);
        connection.terminate();
      }
    );
    const waiting = connection.client.balances();
    DyingWorker.last.die('out of memory');
    const crashed = { code: 'internal', cause: 'out of memory' };
    await expect(waiting).rejects.toMatchObject(crashed);
    await expect(connection.client.balances()).rejects.toMatchObject(crashed);
    expect(told).toEqual([expect.objectContaining(crashed)]);
  });

  it('before it started is told of to whoever starts it', async () => {
    vi.stubGlobal(
      'Worker',
      class extends DyingWorker {
        override addEventListener = (): void => undefined;
      }
    );
    vi.stubGlobal('location', { href: 'https://tern.example/' });
    const starting = startWorker(
      defaults,
      () => undefined,
      () => undefined
    );
    DyingWorker.last.die('');
    await expect(starting).rejects.toMatchObject({ code: 'internal', cause: 'The worker could not start.' });
  });
});
