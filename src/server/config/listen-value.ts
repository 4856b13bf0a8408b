/**
 * A listen URL as one value among the options or in a configuration file.
 */
import { ListenUrlError, parseListenUrl } from '../../transport/listen-url.ts'
import { describeValue, type Reading } from './reading.ts'

/** Reads a listen URL and leaves it as it is written. */
export function readListenUrl(value: unknown): Reading<string> {
  const fault: Reading<string> = {
    type: 'fault',
    found: describeValue(value),
    expected:
      'tcp://HOST:PORT, tls://HOST:PORT?cert=FILE&key=FILE, ws://HOST:PORT/PATH, wss:// likewise, or unix:///PATH',
    advice: 'for example tcp://127.0.0.1:1883',
  }
  if (typeof value !== 'string') return fault
  try {
    parseListenUrl(value)
  } catch (error) {
    if (!(error instanceof ListenUrlError)) throw error
    const { url, found, expected, advice } = error
    // The URL as the error has it: without a password that stands in it.
    const inUrl = found.includes(url) ? found : `${found} in ${describeValue(url)}`
    return { type: 'fault', found: inUrl, expected, advice: `${advice.charAt(0).toLowerCase()}${advice.slice(1)}` }
  }
  return { type: 'value', value }
}
