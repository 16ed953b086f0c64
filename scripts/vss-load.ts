// Owns `npm run vss-load`: puts load on any VSS server and prints what it takes a second, so that servers can be measured side by side.
import { parseArgs } from 'node:util';
import { runLoad } from '../bench/support/vss-load.js';
import { TernError } from '../src/wire/errors.js';
import { say } from './commands.js';

const usage = `Usage: npm run vss-load -- --url URL [flags]

  --url URL            base of the server, to which /putObjects is appended, such as http://127.0.0.1:3000/vss
  --auth NAME          signature or none (default signature)
  --concurrency LIST   wallets at a time, one run each (default 1,8,32)
  --seconds N          how long each run puts, and then gets (default 4)
  --value-bytes N      size of a value (default 4096)
  --json               one JSON array instead of a table`;

/** Prints a table, or with `--json` one array of `{ concurrency, putsPerSecond, getsPerSecond }`. */
export async function main(args: string[]): Promise<void> {
  const { url, auth, concurrencies, seconds, valueBytes, asJson } = parse(args);
  const rows = [];
  for (const concurrency of concurrencies) {
    say(`${url}: ${concurrency} at a time, ${seconds} s of puts and ${seconds} s of gets`);
    rows.push({ concurrency, ...(await runLoad({ url, auth, concurrency, seconds, valueBytes })) });
  }
  if (asJson) return console.log(JSON.stringify(rows, null, 2));
  const cells = [['at a time', 'puts/s', 'gets/s']];
  for (const { concurrency, putsPerSecond, getsPerSecond } of rows)
    cells.push([concurrency, putsPerSecond, getsPerSecond].map((number) => number.toFixed(0)));
  console.log(cells.map((row) => row.map((cell) => cell.padStart(10)).join('')).join('\n'));
}

function parse(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string', default: '' },
      auth: { type: 'string', default: 'signature' },
      concurrency: { type: 'string', default: '1,8,32' },
      seconds: { type: 'string', default: '4' },
      'value-bytes': { type: 'string', default: '4096' },
      json: { type: 'boolean', default: false }
    }
  });
  const { url, auth } = values;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw bad('--url is missing, or no http(s) URL');
  if (auth !== 'signature' && auth !== 'none') throw bad(`--auth is ${auth}, not signature or none`);
  return {
    url,
    auth,
    concurrencies: values.concurrency.split(',').map((text) => positive('concurrency', text)),
    seconds: positive('seconds', values.seconds),
    valueBytes: positive('value-bytes', values['value-bytes']),
    asJson: values.json
  } as const;
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw bad(`--${flag} is ${JSON.stringify(text)}, not a whole number above 0`);
}

function bad(cause: string): TernError {
  return new TernError('invalid_argument', `${cause}.`, usage);
}
