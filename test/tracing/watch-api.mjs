/**
 * Loaded before a broker with `--import`: logs each time the broker asks for the OpenTelemetry API; prom-client does for itself. With
 * `?missing` behind its name it is as if that was not installed.
 */
import { registerHooks } from 'node:module'

const isMissing = import.meta.url.endsWith('?missing')

registerHooks({
  resolve(specifier, context, next) {
    const isOurs = context.parentURL?.includes('/node_modules/') !== true
    if (!specifier.startsWith('@opentelemetry/') || !isOurs) return next(specifier, context)
    process.stderr.write(`${JSON.stringify({ event: 'askedFor', specifier })}\n`)
    if (!isMissing) return next(specifier, context)
    throw Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' })
  },
})
