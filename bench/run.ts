// Owns `npm run bench`: every group that lies beside it, or those named; a target that is missed fails the run.
import { readdirSync } from 'node:fs';
import { say } from '../scripts/commands.js';
import { handleSignals } from '../scripts/shutdown.js';
import { TernError } from '../src/wire/errors.js';
import { judgeValue, type Measurement, type MeasurementGroup, type MeasurementResult } from './measurement.js';

/** Prints a table; with `--json` one JSON array and nothing else on standard output. Arguments name groups. */
export async function main(args: string[]): Promise<void> {
  handleSignals();
  const asJson = args.includes('--json');
  const results: MeasurementResult[] = [];
  for (const measurement of await collect(args.filter((arg) => arg !== '--json')))
    results.push(await take(measurement));
  if (asJson) console.log(JSON.stringify(results, null, 2));
  else console.log(table(results));
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}

async function collect(wanted: string[]): Promise<Measurement[]> {
  const isGroup = (file: string) => /^[a-z]+\.ts$/.test(file) && !['run.ts', 'measurement.ts'].includes(file);
  const groups = readdirSync(import.meta.dirname)
    .filter(isGroup)
    .map((file) => file.replace(/\.ts$/, ''));
  const unknown = wanted.filter((name) => !groups.includes(name));
  if (unknown.length > 0) {
    const cause = `there is no benchmark group ${unknown.join(', ')}`;
    throw new TernError('invalid_argument', cause, `Choose from: ${groups.join(', ')}.`);
  }
  const measurements: Measurement[] = [];
  for (const group of wanted.length > 0 ? wanted : groups.sort()) {
    const module = (await import(`./${group}.ts`)) as MeasurementGroup;
    measurements.push(...module.measurements);
  }
  return measurements;
}

async function take(measurement: Measurement): Promise<MeasurementResult> {
  say(`measuring ${measurement.id}: ${measurement.what}`);
  try {
    return judgeValue(measurement, await measurement.measure());
  } catch (error) {
    say(
      `${measurement.id} could not be measured: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
    );
    return judgeValue(measurement, null);
  }
}

function table(results: MeasurementResult[]): string {
  const rows = results.map(({ id, value, target, ok }) => [
    id,
    value === null ? 'failed' : String(Number(value.toPrecision(4))),
    target === null ? 'reported' : String(target),
    ok ? 'ok' : 'MISSED'
  ]);
  const all = [['id', 'value', 'target', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()
    )
    .join('\n');
}
