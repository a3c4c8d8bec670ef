import type { Acl } from '../client/index.ts'
import { UsageError } from './command.ts'

/** Read, write, create, delete, admin: bit 0 and up. */
const permissionLetters = 'rwcda'

export const aclHelp = 'as scheme:id:permissions[,...], permissions of the letters rwcda'

/** As in `digest:user:hash:rwcda`. */
export function aclText({ perms, scheme, id }: Acl): string {
  const letters = [...permissionLetters].filter((_letter, bit) => (perms & (1 << bit)) !== 0)
  return `${scheme}:${id}:${letters.join('')}`
}

/**
 * Reads a list such as `world:anyone:r,digest:user:hash:rwcda`. An id may hold ":" and ",".
 *
 * @throws UsageError that names the entry and what is expected
 */
export function parseAcls(text: string): Acl[] {
  // A comma begins a new entry where a scheme follows; elsewhere it is part of an id.
  return text.split(/,(?=[a-z][a-z0-9]*:)/).map((entry) => {
    const first = entry.indexOf(':')
    const last = entry.lastIndexOf(':')
    const letters = [...entry.slice(last + 1)]
    if (first < 1 || first === last || !letters.every((letter) => permissionLetters.includes(letter))) {
      throw new UsageError(
        `"${entry}" is not an entry of an access control list: expected scheme:id:permissions, permissions of the letters r(ead) w(rite) c(reate) d(elete) a(dmin), such as world:anyone:r or auth::rwcda`,
      )
    }
    const perms = letters.reduce((bits, letter) => bits | (1 << permissionLetters.indexOf(letter)), 0)
    return { scheme: entry.slice(0, first), id: entry.slice(first + 1, last), perms }
  })
}
