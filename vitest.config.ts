import { defineConfig } from 'vitest/config';

// unit: pure, beside the sources. cli: the product from outside, and the checks on the repository itself.
// db: on a real PostgreSQL, one server for all. e2e: faults against whole servers, one file after another, as each
// starts, kills and starves processes. Later: browser (test/browser/**).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          exclude: ['src/**/*.db.test.ts'],
          // No test asserts on time; a busy machine only takes longer.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'cli',
          include: ['test/**/*.test.ts'],
          exclude: ['test/db/**', 'test/e2e/**'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'db',
          include: ['src/**/*.db.test.ts', 'test/db/**/*.test.ts'],
          globalSetup: ['test/db/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          // Behind all others.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
