/** As in package.json. */
const version = '0.1.0'

/**
 * How this server calls itself where ZooKeeper tells its version. Clients read the digits in front to learn what the server can
 * do, and one of them (go-zookeeper) only understands the date in the form that ZooKeeper used until 3.4.
 */
export const versionLine = `3.8.0-banyan-${version}, built on 01/01/2026 00:00 UTC`
