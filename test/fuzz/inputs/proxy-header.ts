/**
 * PROXY headers of both versions, as bytes come in: what is read does not depend on where a chunk ends, and stays within bounds.
 */
import assert from 'node:assert/strict'
import {
  type ProxyHeader,
  ProxyHeaderFault,
  proxyHeaderBytesMax,
  readProxyHeader,
} from '../../../src/transport/proxy-header.ts'
import { fedBy, fromOutside, type Target } from './target.ts'

const signature = '0d0a0d0a000d0a515549540a'

function read(bytes: Buffer): ProxyHeader | null | ProxyHeaderFault {
  try {
    return readProxyHeader(bytes)
  } catch (error) {
    if (error instanceof ProxyHeaderFault) return error
    throw error
  }
}

function feed(input: Buffer): void {
  const whole = read(input)
  if (whole instanceof ProxyHeaderFault) return
  if (whole !== null) {
    assert.ok(whole.size > 0 && whole.size <= Math.min(input.length, proxyHeaderBytesMax), `${whole.size} bytes`)
    assert.deepEqual(read(input.subarray(0, whole.size)), whole, 'what follows changes the header')
  } else {
    assert.ok(input.length < proxyHeaderBytesMax, 'it waits for more than a header may have')
  }
  const end = whole?.size ?? input.length
  // Every beginning of something good is something good.
  for (let length = 1; length < end; length += 1 + (length >> 4)) {
    assert.equal(read(input.subarray(0, length)), null, `${length} bytes of it`)
  }
}

export const proxyHeaderTarget: Target = {
  name: 'proxy-header',
  ...fromOutside,
  folders: ['transport'],
  seeds: [
    Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 50312 1883\r\n\x10\x0c'),
    Buffer.from('PROXY TCP6 2001:db8::1 ::ffff:192.0.2.2 65535 0\r\n'),
    Buffer.from('PROXY UNKNOWN anything at all\r\n'),
    ...[
      '20000000',
      '21110010c0000201c0000202c48807bb03000400',
      `2121002420010db8000000000000000000000001${'00'.repeat(15)}01c48807bb`,
      `213100d8${'2f'.repeat(216)}`,
      '21000000',
      '21110014c0000201c0000202c48807bb0300040000000004',
    ].map((digits) => Buffer.from(signature + digits, 'hex')),
  ],
  words: ['PROXY ', 'TCP4', 'TCP6', 'UNKNOWN', ' ', '\r\n', '::', 'fe80::1%eth0', '255.255.255.255', '65536', '00'],
  start: () => fedBy(feed),
}
