/**
 * A listen URL as one value among the options or in a configuration file, and where the paths in it start.
 */
import { resolve } from 'node:path'
import { fileKeys, ListenUrlError, parseListenUrl } from '../../transport/listen-url.ts'
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

/** The same URL, of a listener or of the HTTP API, with whole paths: relative ones start from `directory`. */
export function withWholePaths(url: string, directory: string): string {
  const [, address = url, query, behind = ''] = /^([^?#]*)\?([^#]*)(.*)$/s.exec(url.trim()) ?? []
  if (query === undefined) return url
  const pairs = query.split('&').map((pair) => {
    const [key = '', ...written] = pair.split('=')
    const path = decodePath(written.join('='))
    return fileKeys.includes(key) && path !== '' ? `${key}=${encodePath(resolve(directory, path))}` : pair
  })
  return `${address}?${pairs.join('&')}${behind}`
}

/** What has no meaning of its own stays as it is written, so that an operator knows the path again. */
export function encodePath(path: string): string {
  return path.replace(/[%?#&+\s]/g, encodeURIComponent)
}

/** Whatever is no percent-encoding stays: where the URL is read, that is said to be a fault or is part of the path. */
function decodePath(written: string): string {
  return new URLSearchParams(`path=${written.replaceAll('+', '%2B')}`).get('path') ?? ''
}
