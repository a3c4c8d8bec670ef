import { existsSync } from 'node:fs'
import { banyan, type ServerKind } from '../../test/processes/harness/server-kind.ts'
import { zookeeperKind } from '../../test/processes/harness/zookeeper-kind.ts'

/** Where the package keeps the logging configuration; without it ZooKeeper complains, and runs. */
const configFolder = '/etc/zookeeper/conf'
const javaFolder = '/usr/share/java'

/** As the package runs it: its class path, and the options that a JVM has by itself. */
const zookeeper = zookeeperKind({
  jvmOptions: [],
  classPath: [`${javaFolder}/*`, ...(existsSync(configFolder) ? [configFolder] : [])].join(':'),
})

/** What is measured, in the order in which it is shown. */
export const kinds: readonly [ServerKind, ServerKind] = [banyan, zookeeper]
export { banyan, zookeeper }
