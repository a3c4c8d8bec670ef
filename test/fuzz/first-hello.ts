import { connect } from 'node:net'
import { encodeFrame, FrameReader } from '../../src/replication/frames.ts'
import type { Hello } from '../../src/replication/messages.ts'

/** The hello with which a server of a founded ensemble answers: it tells the id of the ensemble. */
export function firstHello(peerPort: number, own: Hello): Promise<Hello> {
  return new Promise((resolve, reject) => {
    const socket = connect(peerPort, '127.0.0.1', () => socket.write(encodeFrame(own)))
    const reader = new FrameReader()
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed the connection without a hello')))
    socket.on('data', (bytes) => {
      reader.push(bytes, (message) => {
        if (message.type === 'hello') resolve(message)
        socket.destroy()
        return false
      })
    })
  })
}
