// Owns `npm run sim`: one seed with its story, a range of seeds, hours of them, or every n-th crash point; failing seeds are kept and run first the next time. It records villages, too.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { rememberArgon } from './argon-hook.js';
import type { RunReport } from './run-seed.js';

/** Not in the repository: what fails on one machine is looked into there. */
const KEPT_SEEDS = 'target/sim/failing-seeds.json';

interface Totals {
  runs: number;
  steps: number;
  realMs: number;
  failed: number[];
}

/** Runs what the arguments ask for; exits non-zero when a promise was broken. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      hours: { type: 'string' },
      points: { type: 'string' },
      act: { type: 'string' },
      duels: { type: 'string' },
      mutations: { type: 'string' },
      record: { type: 'string' },
      scenario: { type: 'string' },
      bail: { type: 'boolean', default: false }
    }
  });
  if (values.mutations !== undefined) return (await import('./mutate.js')).tryMutations(values.mutations);
  rememberArgon();
  if (values.record !== undefined)
    return (await import('./recorded.js')).record(values.record).then(() => process.exit(0));
  if (values.points !== undefined) return runPoints(Number(values.points), values.bail, values.act);
  if (values.duels !== undefined) return runDuels(Number(values.duels));
  const { runSeed } = await import('./run-seed.js');
  const { SCENARIOS } = await import('./scenarios.js');
  const scenario = SCENARIOS.find(({ name }) => name === values.scenario);
  if (values.scenario !== undefined && !scenario) {
    throw new RangeError(
      `There is no scenario ${values.scenario}. There are: ${SCENARIOS.map(({ name }) => name).join(', ')}.`
    );
  }
  if (values.seed !== undefined) {
    const report = await runSeed(Number(values.seed), (line) => print(line), scenario);
    tellEnd(report);
    process.exit(report.failure === undefined ? 0 : 1);
  }
  const kept = scenario ? [] : await keptSeeds();
  const totals: Totals = { runs: 0, steps: 0, realMs: 0, failed: [] };
  const endMs = values.hours === undefined ? 0 : performance.now() + Number(values.hours) * 3_600_000;
  const count = Number(values.seeds ?? (values.hours === undefined ? 100 : Infinity));
  for (const seed of seedsFrom(kept, Number(values.from), count)) {
    if (endMs > 0 && performance.now() > endMs) break;
    add(totals, await runSeed(seed, undefined, scenario));
    if (values.bail && totals.failed.length > 0) process.exit(1);
  }
  if (!scenario) await keepSeeds(totals.failed);
  print(
    `${totals.runs} runs, ${totals.steps} steps, ${Math.round((totals.steps * 1000) / totals.realMs)} steps a second, ` +
      `${totals.failed.length} failed${totals.failed.length > 0 ? `: ${totals.failed.join(' ')}` : ''}`
  );
  process.exit(totals.failed.length === 0 ? 0 : 1);
}

/** Every `every`-th crash point of each reference act, or of one, coming back on the same disk and elsewhere. */
async function runPoints(every: number, bails: boolean, act?: string): Promise<void> {
  const { dieAt, pointsOf, REFERENCES } = await import('./crash-points.js');
  let failed = 0;
  for (const reference of REFERENCES.filter(({ name }) => act === undefined || name === act)) {
    const labels = await pointsOf(reference).catch((thrown: unknown) => {
      print(`${reference.name}: FAILED: ${String(thrown)}`);
      process.exit(1);
    });
    const beganMs = performance.now();
    let runs = 0;
    let steps = 0;
    for (let point = 1; point <= labels.length; point += every) {
      for (const way of ['same', 'elsewhere'] as const) {
        const report = await dieAt(reference, point, way);
        runs += 1;
        steps += report.steps;
        if (report.failure === undefined) continue;
        failed += 1;
        print(`${reference.name}, point ${point} (${labels[point - 1]}), ${way}: FAILED: ${report.failure}`);
        print(report.story.slice(-30).join('\n'));
        if (bails) process.exit(1);
      }
    }
    print(
      `${reference.name}: ${labels.length} points, ${runs} runs, ${steps} steps in ${Math.round(performance.now() - beganMs)} ms`
    );
  }
  print(`${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

/** Random duels of two writers; the first that breaks a promise ends them. */
async function runDuels(count: number): Promise<void> {
  const { randomDuel } = await import('./arena.js');
  for (let seed = 1; seed <= count; seed += 1) {
    try {
      await randomDuel(seed);
    } catch (thrown) {
      print(`FAILED: ${String(thrown)}`);
      process.exit(1);
    }
  }
  print(`${count} duels`);
  process.exit(0);
}

function* seedsFrom(kept: number[], from: number, count: number): Generator<number> {
  yield* kept;
  for (let seed = from; seed < from + count; seed += 1) if (!kept.includes(seed)) yield seed;
}

function add(totals: Totals, report: RunReport): void {
  totals.runs += 1;
  totals.steps += report.steps;
  totals.realMs += report.realMs;
  if (report.failure === undefined) return;
  totals.failed.push(report.seed);
  tellEnd(report);
}

function tellEnd({ seed, scenario, steps, virtualMs, realMs, failure }: RunReport): void {
  const what = failure === undefined ? 'kept every promise' : `FAILED: ${failure}`;
  print(`seed ${seed} (${scenario}): ${steps} steps, ${virtualMs} ms in ${Math.round(realMs)} ms: ${what}`);
}

async function keptSeeds(): Promise<number[]> {
  const kept: unknown = JSON.parse(await readFile(KEPT_SEEDS, 'utf8').catch(() => '[]'));
  return Array.isArray(kept) ? kept.filter((seed) => typeof seed === 'number') : [];
}

async function keepSeeds(seeds: number[]): Promise<void> {
  await mkdir(path.dirname(KEPT_SEEDS), { recursive: true });
  await writeFile(KEPT_SEEDS, JSON.stringify(seeds));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
