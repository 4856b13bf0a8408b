/**
 * The floor of `start-empty`: a program of two files that listens on TCP, with nothing to read and nothing to restore.
 */
import { serve } from '../bare-server.mjs'

serve()
