// Owns one run: a seed picks the scenario and everything in it, and the answer says what came of it.
import { SCENARIOS, type Scenario } from './scenarios.js';
import { village } from './village.js';

export interface RunReport {
  seed: number;
  scenario: string;
  story: string[];
  steps: number;
  virtualMs: number;
  realMs: number;
  /** Why it failed. */
  failure?: string;
}

/** The scenario of a seed. */
export function scenarioOf(seed: number): Scenario {
  const scenario = SCENARIOS[seed % SCENARIOS.length];
  if (!scenario) throw new RangeError('there are no scenarios');
  return scenario;
}

/** Runs a seed to its end. Never rejects. */
export async function runSeed(
  seed: number,
  onLine?: (line: string) => void,
  scenario: Scenario = scenarioOf(seed)
): Promise<RunReport> {
  const beganMs = performance.now();
  const report: RunReport = { seed, scenario: scenario.name, story: [], steps: 0, virtualMs: 0, realMs: 0 };
  try {
    const place = await (scenario.place ?? village)(seed, scenario.mode, onLine);
    const { world } = place;
    const startMs = world.timeline.nowMs;
    try {
      await scenario.run(place);
    } catch (thrown) {
      report.failure = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    } finally {
      world.end();
      Object.assign(report, {
        story: world.story,
        steps: world.timeline.steps,
        virtualMs: world.timeline.nowMs - startMs
      });
    }
  } catch (thrown) {
    report.failure = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
  report.realMs = performance.now() - beganMs;
  return report;
}
