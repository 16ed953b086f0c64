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

  /** The server accepted this put of a process. A process claims once in its life. */
  accepted(process: string, body: Uint8Array): void {
    const { storeId, transactionItems, deleteItems } = fromBinary(PutObjectRequestSchema, body);
    this.count += 1;
    const store = this.#stores.get(storeId) ?? { writer: process, former: new Set<string>() };
    this.#stores.set(storeId, store);
    const items = transactionItems.length + deleteItems.length;
    if (store.former.has(process)) {
      this.#world.violated(`the server took ${items} items of ${process} after ${store.writer} had claimed`);
    }
    if (store.writer === process) return;
    this.#world.tell(`${process} owns the backup now, before it ${store.writer}`);
    store.former.add(store.writer);
    store.writer = process;
  }
}
