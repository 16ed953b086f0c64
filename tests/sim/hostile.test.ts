// Proves that the real node stands whatever is sent to the wallet: any message to the worker, any invoice, any bytes of a peer. Every answer is coded, nothing halts, hangs or grows.
import { bech32 } from '@scure/base';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Answer } from '../../src/worker/api.js';
import { answering } from '../../src/worker/answer.js';
import { FORMS } from '../../src/worker/forms.js';
import { Logs } from '../../src/worker/logs.js';
import { pay } from './acts.js';
import { calm, checkAtRest } from './checks.js';
import { settle } from './timeline.js';
import { village, type Village } from './village.js';

vi.mock('hash-wasm', () => import('./argon-memo.js'));

const TIMEOUT = { timeout: 120_000 };
const MOST_ROUNDS = 2_000;

let place: Village;
beforeAll(async () => {
  place = await village(3);
});
afterAll(() => place.world.end());

/** Every row that the disk holds. */
async function rowCount(): Promise<number> {
  return (await place.alice.disk.allRows()).length;
}

/** Lets a promise that may need no time of the world settle, or else time pass. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  let isOver = false;
  promise.then(
    () => (isOver = true),
    () => (isOver = true)
  );
  for (let rounds = 0; !isOver && rounds < MOST_ROUNDS; rounds += 1) await settle(1);
  return place.world.during(promise, 'an answer');
}

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '0'.repeat(64), 'ff'.repeat(32))
);
const anyAmount = fc.oneof(fc.bigInt(), fc.integer(), fc.double(), fc.constantFrom(0n, -1n, 2n ** 64n, 2n ** 63n));
/** Anything that structured clone lets through the wall. */
const junk = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true });
const mixed = (...fitting: fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> =>
  fc.oneof(junk, anyText, anyAmount, ...fitting);
const request = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  mixed(fc.record(fields, { requiredKeys: [] }));

/** What is sent to each method. Left out are those that end the wallet when they are asked rightly. */
const MESSAGES: Record<string, fc.Arbitrary<unknown>[]> = {
  touch: [junk],
  quoteOnchain: [request({ address: mixed(), amountSat: mixed(), feerateSatPerVb: mixed() })],
  sendOnchain: [request({ address: mixed(), amountSat: mixed(), feerateSatPerVb: mixed() })],
  quoteSpeedUp: [request({ txid: mixed(), feerateSatPerVb: mixed() })],
  speedUp: [request({ txid: mixed(), feerateSatPerVb: mixed(), agreed: junk })],
  freezeCoin: [mixed(), junk],
  quoteChannel: [request({ amountSat: mixed(), feerateSatPerVb: mixed() })],
  openChannel: [request({ nodeUri: mixed(), amountSat: mixed(), feerateSatPerVb: mixed(), announce: junk })],
  closeChannel: [mixed()],
  forceCloseChannel: [mixed()],
  connectPeer: [mixed()],
  createInvoice: [request({ amountMsat: junk, description: mixed(), expirySeconds: junk })],
  decodeInvoice: [mixed()],
  quotePayment: [request({ bolt11: mixed(), amountMsat: mixed(), maxFeeMsat: mixed() })],
  pay: [request({ bolt11: mixed(), amountMsat: mixed(), maxFeeMsat: mixed() })],
  quoteKeysend: [request({ nodeId: mixed(), amountMsat: mixed(), maxFeeMsat: mixed() })],
  keysend: [request({ nodeId: mixed(), amountMsat: mixed(), maxFeeMsat: mixed() })],
  payment: [mixed()],
  payments: [mixed(), mixed()],
  setLabel: [mixed(), mixed()],
  labels: [mixed(fc.array(mixed()))],
  changeSettings: [
    request({ backupMode: junk, esploraUrl: junk, vssUrl: junk, autoLockMinutes: anyText, stranger: junk })
  ],
  unlock: [fc.anything(), junk],
  unlockWithPasskey: [mixed(fc.uint8Array())],
  addPasskey: [mixed(), request({ credentialId: mixed(fc.uint8Array()), salt: mixed(fc.uint8Array()) }), mixed()],
  wipe: [mixed()],
  revealMnemonic: [junk.filter((value) => typeof value !== 'string')],
  create: [request({ password: junk, words: junk, bip39Passphrase: junk })],
  restore: [request({ password: junk, mnemonic: anyText, bip39Passphrase: junk })]
};

describe('a message to the worker', () => {
  it('is tried of every method that takes something', () => {
    // A listener is a function, and no message.
    const taking = Object.entries(FORMS).filter(([name, forms]) => forms.length > 0 && name !== 'subscribe');
    expect(Object.keys(MESSAGES).sort()).toEqual(taking.map(([name]) => name).sort());
  });

  it.each(Object.keys(MESSAGES))(
    '%s: is answered or refused with a code, and changes nothing',
    TIMEOUT,
    async (name) => {
      const api = answering(place.alice.wallet, new Logs({ nowMs: () => 0 })) as unknown as Record<
        string,
        (...parameters: unknown[]) => Promise<Answer<unknown>>
      >;
      const rows = await rowCount();
      await fc.assert(
        fc.asyncProperty(fc.tuple(...(MESSAGES[name] ?? [])), async (parameters) => {
          const answer = await settled(api[name]?.(...parameters) ?? Promise.reject(new Error(`there is no ${name}`)));
          if (!answer.ok) expect(answer.error).not.toMatchObject({ code: 'internal' });
        }),
        { numRuns: 60 }
      );
      expect(place.alice.isRunning).toBe(true);
      expect(await rowCount()).toBeLessThan(rows + 61);
    }
  );
});

it('a second create or restore leaves the wallet that runs as it is', TIMEOUT, async () => {
  const { wallet } = place.alice;
  const password = 'another password';
  const mnemonic = place.bob.persona.words;
  await expect(wallet.create({ password, words: 12 })).rejects.toMatchObject({ code: 'wallet_exists' });
  await expect(wallet.restore({ password, mnemonic })).rejects.toMatchObject({ code: 'wallet_exists' });
  expect((await wallet.status()).phase).toBe('ready');
});

describe('an invoice', () => {
  it('that was damaged, also beneath its checksum, is decoded or refused with a code', TIMEOUT, async () => {
    const { alice, bob, world } = place;
    const asked = { amountMsat: 1_000n, description: 'tea', expirySeconds: 3_600 };
    const { bolt11 } = await world.during(bob.ask((wallet) => wallet.createInvoice(asked)));
    const { prefix, words } = bech32.decode(bolt11 as `${string}1${string}`, false);
    const edit = fc.tuple(fc.nat(words.length - 1), fc.nat(31));
    const changed = fc.array(edit, { minLength: 1, maxLength: 5 }).map((edits) => {
      const copy = [...words];
      for (const [at, word] of edits) copy[at] = word;
      return bech32.encode(prefix, copy, false);
    });
    const cut = fc.nat(words.length).map((length) => bech32.encode(prefix, words.slice(0, length), false));
    const made = fc.array(fc.nat(31), { maxLength: 300 }).map((made) => bech32.encode('lnbcrt', made, false));
    await fc.assert(
      fc.asyncProperty(fc.oneof(changed, cut, made), async (text) => {
        const decoded = await settled(alice.wallet.decodeInvoice(text).catch((thrown: unknown) => thrown));
        if (decoded instanceof Error)
          expect(decoded).toMatchObject({ code: expect.stringMatching(/^(?!internal)/) as string });
      }),
      { numRuns: 500 }
    );
    expect(alice.isRunning).toBe(true);
  });
});

describe('a peer', () => {
  it('that sends anything at all is cut off, and the others are served', TIMEOUT, async () => {
    const { world, alice, bob } = place;
    const rows = await rowCount();
    const sizes: number[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 6 }),
        async (parts) => {
          let isOpen = false;
          const socket = world.network.dial('mallory', alice.persona.host, {
            opened: () => (isOpen = true),
            message: () => undefined,
            closed: () => (isOpen = false)
          });
          await world.until(() => isOpen, 'alice to accept');
          // BOLT 8: the first act has a known first byte and length.
          for (const part of parts) socket.send(Uint8Array.of(0, ...part));
          await world.pass(200);
          socket.close();
          await world.pass(200);
          sizes.push(world.network.size);
        }
      ),
      { numRuns: 60 }
    );
    expect(sizes.at(-1)).toBe(sizes[0]);
    // What is kept of the graph is none of theirs.
    expect(await rowCount()).toBeLessThan(rows + 3);
    await pay(world, bob, alice, 3_000_000n);
    await calm(world);
    await checkAtRest(world);
  });
});
