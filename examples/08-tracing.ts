/**
 * Traces: a message that comes with a `traceparent` is followed through the broker, by OpenTelemetry's own SDK.
 *
 * The SDK is yours: here it prints each span, in your own program it sends them to where you look at traces.
 */
import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { connectAsync } from 'mqtt'
import { createBroker } from '../src/index.ts'

const delivered = Promise.withResolvers<void>()
const printer = {
  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    for (const { name, attributes, parentSpanContext } of spans) {
      const client = attributes['messaging.client.id'] ?? 'the broker'
      const below = parentSpanContext?.isRemote === true ? 'the publisher' : 'receive'
      console.log(`${name} of ${attributes['messaging.destination.name']}: ${client}, below ${below}`)
      if (name === 'deliver') delivered.resolve()
    }
    done({ code: 0 })
  },
  async shutdown(): Promise<void> {},
}
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(printer)] }))

const broker = createBroker({ listen: ['tcp://127.0.0.1:0'], tracing: true })
await broker.start()

const [url = ''] = broker.urls
const kitchen = await connectAsync(url, { protocolVersion: 5, clientId: 'kitchen' })
await kitchen.subscribeAsync('orders/coffee', { qos: 1 })
const waiter = await connectAsync(url, { protocolVersion: 5, clientId: 'waiter' })

// In your own program the SDK of the publisher writes this: propagation.inject(context.active(), userProperties).
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
await waiter.publishAsync('orders/coffee', 'one', { qos: 1, properties: { userProperties: { traceparent } } })
await delivered.promise

// Nobody has marked this one: it costs no span.
await waiter.publishAsync('orders/coffee', 'another', { qos: 1 })

await waiter.endAsync()
await kitchen.endAsync()
await broker.stop()
console.log('stopped')
