/**
 * The floor of `sparse`: each of its clients receives what it publishes, so every chunk goes back where it came from.
 */
import { serve } from '../bare-server.mjs'

serve((socket, chunk) => socket.write(chunk))
