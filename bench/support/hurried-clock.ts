// Owns a clock that makes a long history short: while it hurries, every timer fires sooner, so that what LDK forgets after minutes is forgotten after seconds.
import { systemClock, type Clock } from '../../src/worker/clock.js';

/** The system's time, with timers that are `factor` times faster. */
export class HurriedClock implements Clock {
  constructor(readonly factor: number) {}

  nowMs(): number {
    return systemClock.nowMs();
  }

  sleep(ms: number): Promise<void> {
    return systemClock.sleep(ms / this.factor);
  }

  macrotask(run: () => void): void {
    systemClock.macrotask(run);
  }

  setTimer(ms: number, run: () => void): () => void {
    return systemClock.setTimer(ms / this.factor, run);
  }
}
