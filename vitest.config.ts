import { configDefaults, defineConfig } from 'vitest/config'

/** These load the whole machine on purpose, or count what it does: nothing else may run beside them, for both sides' sake. */
const alone = ['test/processes/fairness.test.ts', 'test/guard/process-work.test.ts']

export default defineConfig({
  test: {
    globalSetup: ['test/processes/harness/build.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'side by side',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...alone],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
