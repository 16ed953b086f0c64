// Owns the conversation of the WASM side with `npm run bench`, in the words of wasm/bench: a command a line on standard input, a JSON object a line in answer.
import { createInterface } from 'node:readline';
import { TernError } from '../../src/wire/errors.js';
import { PlainNode } from './plain-node.js';
import { WasmPair } from './wasm-pair.js';
import { WorkerNode } from './worker-node.js';

const [host, esploraUrl = ''] = process.argv.slice(2);
const pair = await (host === 'worker'
  ? WasmPair.start(esploraUrl, WorkerNode.start)
  : WasmPair.start(esploraUrl, PlainNode.start));
say({ addresses: await pair.addresses() });
for await (const line of createInterface(process.stdin)) say(await answer(line));
process.exit();

async function answer(line: string): Promise<object> {
  const [command, count, width] = line.split(' ');
  switch (command) {
    case 'open':
      return { fundingTxid: await pair.open() };
    case 'confirm':
      await pair.confirm();
      return {};
    case 'pay':
      return pair.pay(Number(count), Number(width));
    default:
      throw new TernError('invalid_argument', `unknown command: ${line}`, 'See wasm/bench.');
  }
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
