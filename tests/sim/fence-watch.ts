// Owns the proof of the fence from the server's side: after somebody else has claimed a store, no write of the former owner is ever accepted.
import { fromBinary } from '@bufbuild/protobuf';
import { PutObjectRequestSchema } from '../../src/wire/gen/vss_pb.js';
import type { World } from './world.js';

export class FenceWatch {
  readonly #world: Pick<World, 'tell' | 'violated'>;
  /** By store: who wrote last, and who may never write again. */
  readonly #stores = new Map<string, { writer: string; former: Set<string> }>();
  /** Puts that the server took. */
  count = 0;

  constructor(world: Pick<World, 'tell' | 'violated'>) {
    this.#world = world;
  }

  /** The server accepted this put of a session. While it starts a session may claim, which is a put of the record alone, as often as it must. */
  accepted(session: string, isStarting: boolean, body: Uint8Array): void {
    const { storeId, transactionItems, deleteItems } = fromBinary(PutObjectRequestSchema, body);
    this.count += 1;
    const store = this.#stores.get(storeId) ?? { writer: session, former: new Set<string>() };
    this.#stores.set(storeId, store);
    const items = transactionItems.length + deleteItems.length;
    if (store.former.has(session) && !(isStarting && items === 1)) {
      this.#world.violated(`the server took ${items} items of ${session} after ${store.writer} had claimed`);
    }
    if (store.writer === session) return;
    this.#world.tell(`${session} owns the backup now, before it ${store.writer}`);
    store.former.add(store.writer);
    store.former.delete(session);
    store.writer = session;
  }
}
