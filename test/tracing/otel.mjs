/**
 * What an operator gives to `--import`, as in docs/operating/opentelemetry.md; spans are written to a file, in batches. With
 * `?hangs` behind its name, whoever should take them never answers.
 */
import { appendFileSync } from 'node:fs'
import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'

const hangs = import.meta.url.endsWith('?hangs')

const exporter = {
  export(spans, done) {
    if (hangs) return
    for (const { name } of spans) appendFileSync('spans.txt', `${name}\n`)
    done({ code: 0 })
  },
  async shutdown() {},
}
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }))
