// Owns a browser profile on disk: it outlives the browser, which can be ended in the middle of anything.
import { cp, mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { launchOptions } from '../../../playwright.config.js';

export class Profile {
  readonly #directory: string;
  readonly #baseURL: string | undefined;
  #context: BrowserContext | undefined;

  private constructor(directory: string, baseURL: string | undefined) {
    this.#directory = directory;
    this.#baseURL = baseURL;
  }

  static async create(baseURL?: string): Promise<Profile> {
    return new Profile(await mkdtemp(path.join(tmpdir(), 'tern-profile-')), baseURL);
  }

  /** Starts the browser on what the profile holds; its one page. */
  async launch(): Promise<Page> {
    const options = { ...launchOptions, viewport: { width: 1280, height: 800 }, baseURL: this.#baseURL };
    this.#context = await chromium.launchPersistentContext(this.#directory, options);
    return this.#context.pages()[0] ?? (await this.#context.newPage());
  }

  /** A copy of the profile as it lies on disk; only while no browser runs on it. */
  async copy(): Promise<Profile> {
    const copy = await Profile.create(this.#baseURL);
    await cp(this.#directory, copy.#directory, { recursive: true });
    return copy;
  }

  /** SIGKILL for the whole browser. Chromium's lock on its profile is a link that ends in the browser's process id. */
  async kill(): Promise<void> {
    const context = this.#context;
    if (!context) return;
    const lock = path.join(this.#directory, 'SingletonLock');
    const processId = Number((await readlink(lock)).split('-').at(-1));
    const closed = new Promise((resolve) => context.on('close', resolve));
    process.kill(processId, 'SIGKILL');
    await closed;
    this.#context = undefined;
    await rm(lock, { force: true });
  }

  /** Ends the browser in order. */
  async close(): Promise<void> {
    await this.#context?.close();
    this.#context = undefined;
  }

  /** Ends the browser in order and deletes the profile. */
  async remove(): Promise<void> {
    await this.close();
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
