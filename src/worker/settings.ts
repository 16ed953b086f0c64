// Owns the settings: the server's defaults below, the user's own choices above. Only choices are stored, and only after they were checked.
import * as v from 'valibot';
import { TernError } from '../wire/errors.js';
import { checkUrl } from '../wire/urls.js';
import type { ServerDefaults, Settings } from './api.js';
import type { Device } from './backup-seam.js';
import type { Disk, RowKey } from './disk.js';
import type { Store } from './store.js';

const MOST_AUTO_LOCK_MINUTES = 1_440;
const DEFAULT_AUTO_LOCK_MINUTES = 10;

/** Replicated: what belongs to the wallet wherever it runs. */
const WALLET_ROW: RowKey = { primary: 'settings', secondary: '', key: 'settings' };
/** On this device: its own choices, and those of the wallet that were made while no node ran. */
const DEVICE_ROW = 'settings';
const DEVICE_ID_ROW = 'device_id';
/** How a device finds the backup cannot come out of that backup. */
const DEVICE_NAMES = ['deviceName', 'vssUrl', 'vssAuth'] as const satisfies (keyof Settings)[];

const text = v.pipe(v.string(), v.maxLength(2_048));
const choices = {
  esploraUrl: text,
  bridgeUrl: text,
  /** null: the user wants none, though the server offers one. */
  rapidGossipUrl: v.nullable(text),
  vssUrl: v.nullable(text),
  vssAuth: v.variant('type', [
    v.strictObject({ type: v.literal('signature') }),
    v.strictObject({ type: v.literal('bearer'), token: v.pipe(v.string(), v.nonEmpty(), v.maxLength(8_192)) }),
    v.strictObject({ type: v.literal('none') })
  ]),
  backupMode: v.picklist(['acknowledged', 'local-first']),
  autoLockMinutes: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MOST_AUTO_LOCK_MINUTES)),
  allowInsecure: v.boolean(),
  deviceName: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(64))
};
const Change = v.partial(v.strictObject(choices));
const Stored = v.partial(v.object(choices));
type Choices = v.InferOutput<typeof Stored>;

/** The settings of one wallet on one device. */
export class SettingsBook {
  readonly #disk: Disk;
  readonly #defaults: Settings;
  #wallet: Choices = {};
  #device: Choices = {};
  #deviceId = '';

  private constructor(disk: Disk, defaults: Settings) {
    this.#disk = disk;
    this.#defaults = defaults;
  }

  /** Reads what is stored; the device gets its id at the first time. */
  static async open(disk: Disk, defaults: ServerDefaults, deviceName: string): Promise<SettingsBook> {
    const book = new SettingsBook(disk, fromDefaults(defaults, deviceName));
    const deviceId = await disk.readLocal(DEVICE_ID_ROW);
    book.#deviceId = deviceId ? new TextDecoder().decode(deviceId) : crypto.randomUUID();
    if (!deviceId) await commitLocal(disk, DEVICE_ID_ROW, new TextEncoder().encode(book.#deviceId));
    book.#device = decode(await disk.readLocal(DEVICE_ROW));
    book.#wallet = decode(await disk.read(WALLET_ROW));
    return book;
  }

  /** What holds now. */
  get current(): Settings {
    return merge(this.#defaults, this.#wallet, this.#device);
  }

  /** Who this device is for the backup. */
  get device(): Device {
    return { deviceId: this.#deviceId, deviceName: this.current.deviceName };
  }

  /**
   * Reads the wallet's row anew (a restore wrote it) and stages onto it what was changed while no node ran; a turn commits it. Answers what
   * to do when that is durable: the device's copy is then forgotten.
   */
  async join(store: Store): Promise<() => Promise<void>> {
    this.#wallet = decode(await store.read(WALLET_ROW));
    const { wallet, device } = split(this.#device);
    if (Object.keys(wallet).length === 0) return () => Promise.resolve();
    this.#wallet = { ...this.#wallet, ...wallet };
    store.stage(WALLET_ROW, encode(this.#wallet));
    return async () => {
      // What was changed again meanwhile stays.
      const settled = Object.entries(this.#device).filter(
        ([name, value]) => name in device || wallet[name as keyof Choices] !== value
      );
      this.#device = Object.fromEntries(settled);
      await commitLocal(this.#disk, DEVICE_ROW, encode(this.#device));
    };
  }

  /** What would hold after a change. Throws as `change` does. */
  preview(change: Partial<Settings>): Settings {
    return merge(this.#defaults, this.#wallet, this.#device, this.#checked(change));
  }

  /**
   * Checks a change and stores it: the wallet's part is staged in the running store (a turn commits it) or, with none, kept on the device.
   * Throws `invalid_argument`, `invalid_url` or `insecure_url`, and then changed nothing.
   */
  async change(change: Partial<Settings>, store: Store | undefined): Promise<void> {
    const checked = this.#checked(change);
    const { wallet, device } = split(checked);
    if (store && Object.keys(wallet).length > 0) {
      this.#wallet = { ...this.#wallet, ...wallet };
      store.stage(WALLET_ROW, encode(this.#wallet));
    }
    const kept = store ? device : checked;
    if (Object.keys(kept).length === 0) return;
    this.#device = { ...this.#device, ...kept };
    await commitLocal(this.#disk, DEVICE_ROW, encode(this.#device));
  }

  #checked(change: Partial<Settings>): Choices {
    return checkChange(change, this.current.allowInsecure, { ...this.#wallet, ...this.#device });
  }
}

function fromDefaults(defaults: ServerDefaults, deviceName: string): Settings {
  return {
    esploraUrl: defaults.esploraUrl.replace(/\/+$/, ''),
    bridgeUrl: defaults.bridgeUrl,
    rapidGossipUrl: defaults.rapidGossipUrl,
    vssUrl: defaults.vssUrl,
    vssAuth: defaults.vssAuth ?? { type: 'signature' },
    backupMode: 'acknowledged',
    autoLockMinutes: DEFAULT_AUTO_LOCK_MINUTES,
    allowInsecure: defaults.allowInsecure ?? false,
    deviceName
  };
}

function checkChange(change: Partial<Settings>, allowedBefore: boolean, present: Choices): Choices {
  const nulled = Object.fromEntries(Object.entries(change).map(([name, value]) => [name, value ?? null]));
  const parsed = v.safeParse(Change, nulled);
  if (!parsed.success) {
    const field = parsed.issues[0].path?.map(({ key }) => String(key)).join('.') ?? 'the change';
    throw new TernError('invalid_argument', `The setting ${field} has a value that cannot be.`, 'Enter another value.');
  }
  const checked: Choices = parsed.output;
  const allowInsecure = checked.allowInsecure ?? allowedBefore;
  // Turning plain text off is refused while an address still needs it.
  const addresses = checked.allowInsecure === false ? { ...present, ...checked } : checked;
  const url = (name: 'esploraUrl' | 'bridgeUrl' | 'rapidGossipUrl' | 'vssUrl', kind: 'http' | 'websocket'): void => {
    const value = addresses[name];
    if (!value) return;
    const canonical = checkUrl(value, kind, allowInsecure);
    if (name in checked) checked[name] = canonical;
  };
  if (checked.esploraUrl === '')
    throw new TernError('invalid_url', 'The wallet needs an Esplora server.', 'Enter its address.');
  url('esploraUrl', 'http');
  url('bridgeUrl', 'websocket');
  url('rapidGossipUrl', 'http');
  url('vssUrl', 'http');
  return checked;
}

function merge(defaults: Settings, ...layers: Choices[]): Settings {
  const { rapidGossipUrl, vssUrl, ...rest } = layers.reduce((below, above) => ({ ...below, ...above }), {});
  return {
    ...defaults,
    ...rest,
    rapidGossipUrl: rapidGossipUrl === undefined ? defaults.rapidGossipUrl : rapidGossipUrl || undefined,
    vssUrl: vssUrl === undefined ? defaults.vssUrl : vssUrl || undefined
  };
}

function split(all: Choices): { wallet: Choices; device: Choices } {
  const isDevice = ([name]: [string, unknown]): boolean => (DEVICE_NAMES as readonly string[]).includes(name);
  const entries = Object.entries(all);
  return {
    wallet: Object.fromEntries(entries.filter((entry) => !isDevice(entry))),
    device: Object.fromEntries(entries.filter(isDevice))
  };
}

/** A row of an older or newer version keeps what is understood of it; the rest falls back to the defaults. */
function decode(bytes: Uint8Array | undefined): Choices {
  if (!bytes) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const parsed = v.safeParse(Stored, value);
    if (parsed.success) return parsed.output;
    const bad = new Set(parsed.issues.map((issue) => issue.path?.[0].key));
    const good = Object.entries(value as object).filter(([name]) => !bad.has(name));
    return v.parse(Stored, Object.fromEntries(good));
  } catch {
    return {};
  }
}

function encode(stored: Choices): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(stored));
}

async function commitLocal(disk: Disk, name: string, value: Uint8Array): Promise<void> {
  await disk.commit({ puts: [], removes: [], local: [{ name, value }] });
}
