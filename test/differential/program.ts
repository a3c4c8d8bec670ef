/** A string field; `hex` for bytes that are no text. */
export type Text = string | null | { readonly hex: string }

export interface Acl {
  readonly perms: number
  readonly scheme: Text
  readonly id: Text
}

/** One field of a request body. A program is plain JSON, so that a failing one can be printed, kept and repeated. */
export type Field =
  | { readonly text: Text }
  | { readonly bytes: string | null }
  | { readonly bool: number }
  | { readonly int: number }
  /** A decimal number, for JSON knows none of 64 bits. */
  | { readonly long: string }
  /** The highest zxid seen before that step of the program: what a client would offer as the last that it saw. */
  | { readonly zxidBefore: number }
  | { readonly texts: readonly Text[] | null }
  | { readonly acl: readonly Acl[] | null }
  /** The operations of a multi; `open`: the terminator is left out. */
  | { readonly ops: readonly Request[]; readonly open?: boolean }

/** One request. Nothing forces its fields to be those of its opcode. */
export interface Request {
  readonly name: string
  readonly opcode: number
  readonly fields: readonly Field[]
  /** The body is cut to so many bytes. */
  readonly cut?: number
  /** So many zero bytes follow the body. */
  readonly extra?: number
  /** Instead of the client's next number. */
  readonly xid?: number
}

/** One or more requests, written to the connection at once. */
export interface SendStep {
  readonly kind: 'send'
  readonly on: number
  readonly requests: readonly Request[]
}

export type Password = 'right' | 'wrong' | 'short' | 'empty' | 'null'

/** A new connection for a client that has none. */
export interface ConnectStep {
  readonly kind: 'connect'
  readonly on: number
  /** Which server of the ensemble, counted from 0; wrapped around where there are fewer. */
  readonly server: number
  readonly timeoutMs: number
  /** The last byte of the connect request, absent in old clients. */
  readonly readOnly: 'absent' | 'no' | 'yes'
  /** A new session, the latest one of a client, or one that nobody ever had. */
  readonly session: 'new' | 'stranger' | { readonly of: number }
  readonly password: Password
  readonly lastZxid: 'none' | 'seen' | 'future'
}

/** The client drops its connection without a word. */
export interface HangUpStep {
  readonly kind: 'hangUp'
  readonly on: number
}

export type Step = SendStep | ConnectStep | HangUpStep

export interface Program {
  readonly steps: readonly Step[]
}

/** Every program lives below this node; it is made before and removed after each. */
export const home = '/d'

/** What is in it differs: which servers there are. */
export const configPath = '/zookeeper/config'

/** Nodes that outlive a program: their counters are compared with what they were before it. */
export const lastingPaths = ['/', '/zookeeper', '/zookeeper/quota', configPath] as const

export const clientCount = 4

export const superCredential = 'super:test'
export const superDigest = 'super:D/InIHSb7yEEbrWz8b9l71RjZJU='
