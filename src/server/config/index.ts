export { ConfigError, type ConfigProblem } from './config-error.ts'
export { loadConfig } from './load-config.ts'
export { type ParsedConfig, type ParseOptions, parseConfig } from './parse-config.ts'
export { describeMembership, type ServerAddress, type ServerConfig } from './server-config.ts'
