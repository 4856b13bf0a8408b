/**
 * The least a program on Node can be for the load generator to take it for a broker: sockets of node:net, a CONNACK and a SUBACK for
 * whoever asks, and whatever else comes handed on unread. Each chunk must be one packet: a load of one message per read.
 *
 * Takes the port as its argument.
 */
import { createServer } from 'node:net'

const connack = Buffer.from([0x20, 2, 0, 0])

/** `publishArrived(socket, chunk)` is called with each PUBLISH. */
export function serve(publishArrived = () => {}) {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      const type = chunk[0] >> 4
      if (type === 3) publishArrived(socket, chunk)
      else if (type === 1) socket.write(connack)
      else if (type === 8) socket.write(Buffer.from([0x90, 3, chunk[2], chunk[3], 0]))
    })
  })
  server.listen(Number(process.argv[2]), '127.0.0.1')
}
