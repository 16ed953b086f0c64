// Owns what those who help are told of a wallet besides its logs: how it stands and how much is stored of what, never a key, an address or an amount.
import { TernError } from '../wire/errors.js';
import type { WalletStatus } from './api.js';
import type { Disk, RowKey } from './disk.js';
import { redact } from './redact.js';
import type { SettingsBook } from './settings.js';

/** Lines of text. What cannot be read is named, not thrown: that is what help is needed for. */
export async function supportReport(status: WalletStatus, disk: Disk, { current }: SettingsBook): Promise<string> {
  const { phase, network, error, safeMode } = status;
  const failure = error ?? safeMode?.cause;
  const lines = [
    `network ${network}`,
    `phase ${phase}${safeMode ? ', on chain only' : ''}`,
    `backup ${current.vssUrl === undefined ? 'none' : current.backupMode}`,
    ...(failure ? [`error ${failure.code}: ${failure.cause}`] : []),
    `waiting for the backup: ${await readOrWhyNot(async () => `${(await disk.outbox()).length} rows`)}`,
    ...(await storedLines(disk))
  ];
  return lines.map(redact).join('\n');
}

/** By the first part of the namespace alone: the second can name a channel. */
async function storedLines(disk: Disk): Promise<string[]> {
  const rows = await disk.allRows().catch((thrown: unknown) => TernError.from(thrown));
  if (rows instanceof TernError) return [`stored: ${unreadable(rows)}`];
  const groups = new Map<string, RowKey[]>();
  for (const row of rows) {
    const group = groups.get(row.primary);
    if (group) group.push(row);
    else groups.set(row.primary, [row]);
  }
  const told = [...groups].map(async ([primary, group]) => {
    const size = await readOrWhyNot(async () => `${byteCount(await disk.readMany(group))} bytes`);
    return `stored ${primary}: ${group.length} rows, ${size}`;
  });
  return Promise.all(told);
}

function byteCount(values: (Uint8Array | undefined)[]): number {
  return values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
}

async function readOrWhyNot(read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (thrown) {
    return unreadable(TernError.from(thrown));
  }
}

function unreadable({ message }: TernError): string {
  return `unreadable, ${message}`;
}
