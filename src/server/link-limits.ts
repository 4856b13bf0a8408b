/**
 * What bounds the links of clients, made from the limits that are in force: those of packets hold as a connection found them.
 */
import type { Limits } from '../core/limits.ts'
import type { DecoderOptions } from '../protocol/packet-decoder.ts'
import { type PublishRates, publishRatesOf } from './publish-rates.ts'

export class LinkLimits {
  /** For connections to come; those that are open were promised what they have. */
  readonly decoderOptions: DecoderOptions
  /** How fast clients may publish; null: as fast as they like. */
  readonly publishRates: PublishRates | null

  constructor(limits: Limits) {
    const { connectBytesMax, packetBytesMax, propertiesMax, propertiesBytesMax } = limits
    this.decoderOptions = { role: 'server', connectBytesMax, packetBytesMax, propertiesMax, propertiesBytesMax }
    this.publishRates = publishRatesOf(limits)
  }
}
