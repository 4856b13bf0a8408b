/**
 * What an operator gives to `--import`, as in docs/operating/opentelemetry.md; spans are written to a file, in batches. With
 * `?hangs` behind its name, whoever should take them never answers; with `?whole` all of each is written and not its name alone.
 */
import { appendFileSync } from 'node:fs'
import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'

const hangs = import.meta.url.endsWith('?hangs')
const isWhole = import.meta.url.endsWith('?whole')

const exporter = {
  export(spans, done) {
    if (hangs) return
    for (const { name, attributes, events, status, links, resource } of spans) {
      const whole = { name, attributes, events, status, links, of: resource.attributes }
      appendFileSync('spans.txt', `${isWhole ? JSON.stringify(whole) : name}\n`)
    }
    done({ code: 0 })
  },
  async shutdown() {},
}
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }))
