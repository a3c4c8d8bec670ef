export {
  ConfigError,
  type ConfigProblem,
  describeMembership,
  loadConfig,
  type ParsedConfig,
  type ParseOptions,
  parseConfig,
  type ServerAddress,
  type ServerConfig,
} from './config/index.ts'
export type { ServerMode } from './four-letter-words/server-view.ts'
export { Server, type ServerOptions, type ServerStatus } from './server.ts'
