// Owns `npm test`: every suite runs, and the last line says how many tests passed and failed; the exit code agrees with it.
import { TernError } from '../src/wire/errors.js';
import { ensureApp } from './app.js';
import { formatElapsed, nodeProgram, runCommand, wasmDirectory } from './commands.js';
import { handleSignals } from './shutdown.js';
import { allSuites, skipsText, type Need, type Suite } from './suites.js';
import { closingLine, judge, readSkips, type SuiteOutcome, type Verdict } from './testing/outcome.js';
import { ensureWasm } from './wasm.js';

const silenceMs = 30_000;
const startedAtMs = Date.now();

/** Runs all suites, or those named. */
export async function main(args: string[]): Promise<void> {
  handleSignals();
  const suites = chooseSuites(args);
  const skips = readSkips(skipsText());
  const failedNeeds = await prepare(suites);
  const outcomes: SuiteOutcome[] = [];
  for (const suite of suites) outcomes.push(await runSuite(suite, failedNeeds));
  const verdict = judge(outcomes, skips);
  printVerdict(outcomes, verdict);
  console.log(closingLine(verdict));
  process.exitCode = verdict.failures.length > 0 ? 1 : 0;
}

function chooseSuites(names: string[]): Suite[] {
  const suites = allSuites();
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    const known = suites.map((suite) => suite.name).join(', ');
    throw new TernError('invalid_argument', `there is no suite ${unknown.join(', ')}`, `Choose from: ${known}.`);
  }
  return names.length === 0 ? suites : suites.filter((suite) => names.includes(suite.name));
}

const preparations: Record<Need, () => Promise<unknown>> = {
  rust: () => runOrThrow(['cargo', 'xtask', 'prepare'], wasmDirectory),
  wasm: ensureWasm,
  app: ensureApp,
  nodes: () => runOrThrow(nodeProgram('tsx/dist/cli.mjs', 'tests/regtest/prepare.ts'))
};

/** Makes what the suites need. What fails is returned with its reason: the suites that need it fail, the others still run. */
async function prepare(suites: Suite[]): Promise<Map<Need, string>> {
  const failed = new Map<Need, string>();
  for (const need of new Set(suites.flatMap((suite) => suite.needs))) {
    const began = Date.now();
    try {
      await preparations[need]();
      print('set-up', `${need} ready after ${formatElapsed(Date.now() - began)}`);
    } catch (error) {
      const reason = TernError.from(error).message;
      failed.set(need, reason);
      print('set-up', `${need} FAILED: ${reason}`);
    }
  }
  return failed;
}

async function runOrThrow(command: string[], cwd?: string): Promise<void> {
  const options = cwd === undefined ? {} : { cwd };
  if ((await runCommand(command, options)) === 0) return;
  throw new TernError(
    'internal',
    `${command.join(' ')} failed`,
    'Its messages are above: mend what they name, then try again.'
  );
}

async function runSuite(suite: Suite, failedNeeds: Map<Need, string>): Promise<SuiteOutcome> {
  const began = Date.now();
  const missing = suite.needs.find((need) => failedNeeds.has(need));
  if (missing !== undefined) {
    const detail = failedNeeds.get(missing) ?? '';
    return {
      suite: suite.name,
      cases: [{ name: `(its set-up: ${missing})`, status: 'failed', detail }],
      exitCode: 1,
      elapsedMs: 0
    };
  }
  print(suite.name, 'starts');
  let lastLineAtMs = Date.now();
  const heartbeat = setInterval(() => {
    if (Date.now() - lastLineAtMs >= silenceMs)
      print(suite.name, `still running after ${formatElapsed(Date.now() - began)}`);
  }, silenceMs);
  try {
    const run = await suite.run((line) => {
      lastLineAtMs = Date.now();
      print(suite.name, line);
    });
    return { suite: suite.name, ...run, elapsedMs: Date.now() - began };
  } finally {
    clearInterval(heartbeat);
  }
}

function printVerdict(outcomes: SuiteOutcome[], verdict: Verdict): void {
  console.log('');
  for (const { suite, cases, elapsedMs } of outcomes) {
    const passed = cases.filter((one) => one.status === 'passed').length;
    console.log(
      `${suite.padEnd(12)} ${String(passed).padStart(5)} of ${String(cases.length).padStart(5)} in ${formatElapsed(elapsedMs)}`
    );
  }
  for (const { suite, name, reason } of verdict.excused) console.log(`skipped: ${suite} > ${name}: ${reason}`);
  for (const { suite, name, reason, detail } of verdict.failures) {
    console.log(`\nFAILED ${suite} > ${name}: ${reason}`);
    if (detail !== '') console.log(detail.replace(/^/gm, '    '));
  }
  console.log('');
}

function print(suite: string, line: string): void {
  console.log(`[${formatElapsed(Date.now() - startedAtMs)}] ${suite} | ${line}`);
}
