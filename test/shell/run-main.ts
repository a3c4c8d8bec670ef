// What bin/zk-shell does, on the sources.
import { main } from '../../src/shell/main.ts'

process.exit(await main(process.argv.slice(2)))
