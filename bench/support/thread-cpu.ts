// Owns the CPU time of a thread of Node.js: the engine's helpers, which compile and collect garbage beside it, do not count where the system tells them apart.
import { readFileSync } from 'node:fs';

/** Linux: its first number is what the thread that reads it has run so far, in ns. */
const SCHEDULER_FILE = '/proc/thread-self/schedstat';

interface CpuUsage {
  /** In microseconds. */
  user: number;
  system: number;
}
/** Since Node 23.9. */
type MaybeThreadCpuUsage = { threadCpuUsage?: () => CpuUsage };

/** What the calling thread has used of a processor so far, in ns. On systems that tell only of the process, that. */
export function threadCpuNs(): number {
  const { threadCpuUsage } = process as MaybeThreadCpuUsage;
  if (threadCpuUsage) return toNs(threadCpuUsage());
  try {
    return Number.parseInt(readFileSync(SCHEDULER_FILE, 'latin1'), 10);
  } catch {
    return toNs(process.cpuUsage());
  }
}

function toNs({ user, system }: CpuUsage): number {
  return (user + system) * 1_000;
}
