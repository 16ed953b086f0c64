// Owns how vitest runs: unit tests beside their files, and one project for each directory of tests/; a retry never hides a failure.
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';
import { testDirectories } from './scripts/suites.js';

export default defineConfig({
  test: {
    retry: 0,
    projects: [
      {
        plugins: [sveltekit()],
        // Svelte's runes work only in its browser build.
        resolve: { conditions: ['browser'] },
        test: {
          name: 'unit',
          environment: 'node',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts', 'tests/*.test.ts'],
          testTimeout: 30_000
        }
      },
      ...testDirectories().map((name) => ({
        test: {
          name,
          environment: 'node',
          include: [`tests/${name}/**/*.test.ts`],
          // Real nodes share the machine with the tests. A story mostly waits for its nodes, so two go side by side.
          ...(name === 'story' ? { maxWorkers: 2 } : { fileParallelism: false }),
          testTimeout: 180_000,
          hookTimeout: 300_000
        }
      }))
    ]
  }
});
