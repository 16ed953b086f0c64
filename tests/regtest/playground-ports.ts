// Owns the playground's ports: chosen once, then the same from start to start, since wallets remember them.
import { readFile, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import { freePort, isFree } from './free-port.js';

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const portsFile = v.object({ esplora: port, faucet: port, shop: port, lightning: port });

/** TCP ports on loopback. */
export type PlaygroundPorts = v.InferOutput<typeof portsFile>;

/** The ports kept in `file`; one that is missing or taken meanwhile is replaced by a free one and told to `report`. */
export async function keptPorts(file: string, report: (line: string) => void): Promise<PlaygroundPorts> {
  const kept = await readPorts(file);
  const choose = async (name: keyof PlaygroundPorts): Promise<number> => {
    const before = kept[name];
    if (before !== undefined && (await isFree(before))) return before;
    const chosen = await freePort();
    if (before !== undefined) report(`Port ${before} is taken: ${name} moves to ${chosen}.`);
    return chosen;
  };
  const ports = {
    esplora: await choose('esplora'),
    faucet: await choose('faucet'),
    shop: await choose('shop'),
    lightning: await choose('lightning')
  };
  await writeFile(file, JSON.stringify(ports));
  return ports;
}

async function readPorts(file: string): Promise<Partial<PlaygroundPorts>> {
  const content = await readFile(file, 'utf8').catch(() => '{}');
  try {
    const parsed = v.safeParse(portsFile, JSON.parse(content));
    return parsed.success ? parsed.output : {};
  } catch {
    return {};
  }
}
