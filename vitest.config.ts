import { configDefaults, defineConfig } from 'vitest/config'

/** These load the whole machine on purpose, or count what it does: nothing else may run beside them, for both sides' sake. */
const alone = ['test/processes/fairness.test.ts', 'test/guard/process-work.test.ts']

/**
 * Folders of tests that need nothing but a process, most of them a simulated world. They share one: what they import stays
 * loaded, and compiled, from one file to the next.
 */
const together = 'architecture|client|explore|log-tool|replication|server|shell|sim|storage|tree|wire'

/** Of those folders, what counts the memory of its process, watches what is called in it, or starts programs. */
const apart = [
  'test/client/against-servers.test.ts',
  'test/client/whole-protocol.test.ts',
  'test/explore/main.test.ts',
  'test/server/over-sockets.test.ts',
  'test/shell/commands-against-server.test.ts',
  'test/shell/program-against-server.test.ts',
  'test/sim/run/seeds.test.ts',
  'test/tree/churn.test.ts',
  'test/tree/quota/quotas.test.ts',
  'test/tree/snapshot.test.ts',
]

// Projects run in the order of their names: first those that wait a lot, so that the others fill the last gap.
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
          name: 'a process each',
          include: [`test/!(${together})/**/*.test.ts`, ...apart],
          exclude: [...configDefaults.exclude, ...alone],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'together',
          include: [`test/@(${together})/**/*.test.ts`],
          exclude: [...configDefaults.exclude, ...apart],
          isolate: false,
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
