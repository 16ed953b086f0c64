// Owns what a wallet says to its Lightning peers, as its browser saw it leave: every socket, every frame, with its time.
import type { Page } from '@playwright/test';

/** A frame on its way to a peer. */
export interface SentFrame {
  atMs: number;
  bytes: number;
}

/** Listens to the sockets of one page and its worker; start before the page loads. */
export class PeerTraffic {
  readonly #frames: SentFrame[] = [];
  #dials = 0;

  constructor(page: Page) {
    page.on('websocket', (socket) => {
      if (!socket.url().endsWith('/ln')) return;
      this.#dials += 1;
      socket.on('framesent', ({ payload }) => this.#frames.push({ atMs: Date.now(), bytes: payload.length }));
    });
  }

  /** How often a peer was dialled. */
  get dials(): number {
    return this.#dials;
  }

  sentSince(sinceMs: number): SentFrame[] {
    return this.#frames.filter(({ atMs }) => atMs >= sinceMs);
  }
}
