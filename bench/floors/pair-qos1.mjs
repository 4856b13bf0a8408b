/**
 * The floor of `pair-qos1`: the same bytes in and out, and an acknowledgement for each message. Takes the port as its argument.
 */
import '../sink.mjs'
