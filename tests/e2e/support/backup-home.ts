// Owns a server of the app with a backup store of its own and the browsers that use it: it can go away and come back at the same address, with all it was given.
import type { Browser, Page } from '@playwright/test';
import type { RunningServer } from '../../../src/server/server.js';
import type { VssOptions } from '../../../src/server/vss/service.js';
import type { Stand } from '../../regtest/stand.js';
import { startStore, type BackupStore } from './backup.js';
import { freshContext, serveApp } from './world.js';

export class BackupHome {
  readonly #opened: Page[] = [];

  private constructor(
    private readonly stand: Stand,
    private readonly store: BackupStore,
    private readonly vss: VssOptions,
    private server: RunningServer
  ) {}

  static async start(stand: Stand, kind: 'PGlite' | 'PostgreSQL' = 'PGlite'): Promise<BackupHome> {
    const store = await startStore(kind);
    const vss: VssOptions = { type: 'store', database: store.database, auth: 'signature' };
    return new BackupHome(stand, store, vss, await serveApp(stand, vss));
  }

  get url(): string {
    return this.server.url;
  }

  /** A page of a browser that has never been here; closed with the rest. */
  async open(browser: Browser): Promise<Page> {
    const page = await (await freshContext(browser, this.url)).newPage();
    this.#opened.push(page);
    return page;
  }

  /** Nothing answers there any more: no app, no bridge, no chain, no backup. */
  goAway(): Promise<void> {
    return this.server.close();
  }

  async comeBack(): Promise<void> {
    this.server = await serveApp(this.stand, this.vss, { port: Number(new URL(this.url).port) });
  }

  async stop(): Promise<void> {
    for (const page of this.#opened) await page.context().close();
    await this.server.close();
    await this.store.stop();
  }
}
