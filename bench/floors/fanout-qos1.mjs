/**
 * The floor of `fanout-qos1`: the same bytes in once and out to everybody, in one write for each turn of the event loop. Takes the port
 * as its argument.
 */
import '../sink.mjs'
