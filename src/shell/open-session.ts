import type { Client } from '../client/index.ts'
import type { ShellOptions } from './options.ts'
import type { Output } from './output.ts'

/**
 * Begins the session that a command line or a script works in: connected, and with the identity that was given.
 *
 * @throws ZkError `connectionLoss` without a server, `authFailed` for a refused identity
 */
export async function openSession(client: Client, options: ShellOptions, output: Output): Promise<void> {
  await client.connect({ timeoutMs: options.timeoutMs })
  await proveIdentity(client, options)
  await noteMissingChroot(client, output)
}

export async function proveIdentity(client: Client, { auth }: ShellOptions): Promise<void> {
  if (auth !== null) await client.addAuth(auth.scheme, auth.credential)
}

/** Without its chroot, a client finds nothing anywhere: that wants an explanation. */
export async function noteMissingChroot(client: Client, output: Output): Promise<void> {
  if (client.chroot === '') return
  const found = await client.exists('/').catch(() => undefined)
  if (found === null) output.note(`the chroot ${client.chroot} does not exist yet: create -p / makes it`)
}
