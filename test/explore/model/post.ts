import type { FollowerMessage, LeaderMessage } from '../../../src/replication/messages.ts'
import type { Zxid } from '../../../src/tree/zxid.ts'

/**
 * What an event at one half of a server does to another half, at its own server or another: a server follows and may lead
 * beside it. Most of it only waits there to be read.
 */
export type Post = FollowerPost | LeaderPost

export type FollowerPost =
  /** A message of its leader, and the end of its link, behind all messages. */
  { kind: 'down'; message: LeaderMessage } | { kind: 'downEnd' } | { kind: 'stopFollowing' }

export type LeaderPost =
  /** A follower comes, says something, and is gone. */
  | { kind: 'link'; from: number }
  | { kind: 'up'; from: number; message: FollowerMessage }
  | { kind: 'upEnd'; from: number }
  /** What was committed when this `sync` was asked for. */
  | { kind: 'syncAsked'; request: number; needed: Zxid }
  | { kind: 'startLeading'; attempt: number }
  | { kind: 'stopLeading'; reason: string }
  /** Its own follower has applied the history that the reign begins with. */
  | { kind: 'serve' }

export const isForFollower = (post: Post): post is FollowerPost =>
  post.kind === 'down' || post.kind === 'downEnd' || post.kind === 'stopFollowing'
