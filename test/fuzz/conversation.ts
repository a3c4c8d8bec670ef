import { connect } from 'node:net'
import type { Script } from './frames/script.ts'

/** A frame that promised more bytes than it brought is given up after so much silence. */
const silenceMs = 40
const conversationMsMax = 5000
/** Written at once; then the other side has its say, so that little is written behind the end. */
const framesAtOnce = 20

export interface ConversationEnd {
  readonly framesSent: number
  /** It was closed by the other side. */
  readonly refused: boolean
}

/** Says what the script wants on a connection of its own. Answers are read and thrown away. Never rejects. */
export function converse(port: number, script: Script): Promise<ConversationEnd> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let sent = 0
    let refused = false
    let open = script.opening === null
    const finish = (): void => {
      clearTimeout(silence)
      clearTimeout(late)
      // Without a port left waiting for its peer's last packets: there are only so many of them.
      socket.resetAndDestroy()
      resolve({ framesSent: sent, refused })
    }
    let silence = setTimeout(finish, silenceMs * 25)
    const late = setTimeout(finish, conversationMsMax)
    const goOn = (): void => {
      clearTimeout(silence)
      if (socket.destroyed || refused) return
      const batch = script.frames.slice(sent, sent + framesAtOnce)
      if (batch.length > 0) socket.write(Buffer.concat(batch))
      sent += batch.length
      if (sent < script.frames.length) setImmediate(goOn)
      else silence = setTimeout(finish, silenceMs)
    }
    socket.on('connect', () => {
      if (script.opening === null) goOn()
      else socket.write(script.opening)
    })
    socket.on('data', () => {
      if (!open) {
        open = true
        goOn()
      } else if (sent === script.frames.length) silence.refresh()
    })
    socket.on('end', () => {
      refused = true
      finish()
    })
    socket.on('error', () => {
      refused = true
    })
    socket.on('close', finish)
  })
}
