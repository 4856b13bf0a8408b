/**
 * Reason String: what a packet says to people. MQTT 5.0 sections 3.2.2.3.9, 3.9.2.1.2 and 3.14.2.2.3.
 */

const charactersMax = 1024

/** Cut to a length that every string field holds: the text may quote what the client sent, which can be 65,535 bytes long. */
export function reasonString(text: string): string {
  return text.slice(0, charactersMax)
}
