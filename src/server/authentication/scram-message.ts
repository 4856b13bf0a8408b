/**
 * The two messages a SCRAM client sends, taken apart: the grammar of RFC 5802 section 7.
 *
 * Strict on purpose: what is not in the grammar is a `ScramSyntaxError`, never guessed at.
 */
export interface ClientFirst {
  /** `n`: the client knows no channel binding; `y`: it does, and thinks this server does not; `p`: it insists on it. */
  channelBinding: 'n' | 'y' | 'p'
  /** Whom the client wants to act for, or null: itself. */
  authorizationIdentity: string | null
  userName: string
  nonce: string
  /** `n,,` in most messages; client-final repeats it in base64. */
  header: string
  /** The message without `header`, exactly as sent: part of what both sides sign. */
  bare: string
}

export interface ClientFinal {
  /** The decoded `c=` attribute. */
  channelBinding: Buffer
  nonce: string
  proof: Buffer
  /** The message up to `,p=`, exactly as sent: part of what both sides sign. */
  withoutProof: string
}

/** The message is not SCRAM; the text says what was found and goes to the client as Reason String. */
export class ScramSyntaxError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ScramSyntaxError'
  }
}

const messageBytesMax = 4096
const nonceLengthMax = 512
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws ScramSyntaxError */
export function parseClientFirst(data: Uint8Array): ClientFirst {
  const text = decodeText(data)
  const match = /^(p=[A-Za-z0-9.-]+|n|y),(a=[^,]+)?,(.*)$/s.exec(text)
  if (match === null) {
    throw new ScramSyntaxError('the first message must begin with n, y or p=name, a comma, and a= or nothing')
  }
  const [, flag = '', identity, bare = ''] = match
  const [userAttribute = '', nonceAttribute = '', ...extensions] = bare.split(',')
  if (userAttribute.startsWith('m=')) throw new ScramSyntaxError('the mandatory extension m= is not supported')
  const nonce = attribute(nonceAttribute, 'r')
  requireExtensions(extensions)
  requireNonce(nonce)
  return {
    channelBinding: flag === 'n' || flag === 'y' ? flag : 'p',
    authorizationIdentity: identity === undefined ? null : decodeName(identity.slice(2)),
    userName: decodeName(attribute(userAttribute, 'n')),
    nonce,
    header: text.slice(0, text.length - bare.length),
    bare,
  }
}

/** @throws ScramSyntaxError */
export function parseClientFinal(data: Uint8Array): ClientFinal {
  const text = decodeText(data)
  const proofStart = text.indexOf(',p=')
  if (proofStart < 0) throw new ScramSyntaxError('the final message must end in p= and the proof')
  const withoutProof = text.slice(0, proofStart)
  const [bindingAttribute = '', nonceAttribute = '', ...extensions] = withoutProof.split(',')
  requireExtensions(extensions)
  const nonce = attribute(nonceAttribute, 'r')
  requireNonce(nonce)
  return {
    channelBinding: decodeBase64(attribute(bindingAttribute, 'c'), 'c='),
    nonce,
    proof: decodeBase64(text.slice(proofStart + 3), 'p='),
    withoutProof,
  }
}

function decodeText(data: Uint8Array): string {
  if (data.length > messageBytesMax) throw new ScramSyntaxError(`the message is longer than ${messageBytesMax} bytes`)
  let text: string
  try {
    text = utf8.decode(data)
  } catch {
    throw new ScramSyntaxError('the message is not UTF-8')
  }
  if (text.includes('\0')) throw new ScramSyntaxError('the message contains the character U+0000')
  return text
}

function attribute(text: string, name: string): string {
  if (text.startsWith(`${name}=`)) return text.slice(2)
  throw new ScramSyntaxError(`the attribute ${name}= is missing or not in its place`)
}

function requireExtensions(extensions: readonly string[]): void {
  for (const extension of extensions) {
    if (extension.startsWith('m=')) throw new ScramSyntaxError('the mandatory extension m= is not supported')
    if (!/^[A-Za-z]=.+$/s.test(extension)) throw new ScramSyntaxError('an attribute is not of the form letter=value')
  }
}

function requireNonce(nonce: string): void {
  if (nonce.length > nonceLengthMax) throw new ScramSyntaxError(`the nonce is longer than ${nonceLengthMax} characters`)
  if (!/^[\x21-\x2b\x2d-\x7e]+$/.test(nonce)) throw new ScramSyntaxError('the nonce is empty or not printable ASCII')
}

/** In names `,` is written `=2C` and `=` is written `=3D`; no other `=` may stand. */
function decodeName(text: string): string {
  if (text === '') throw new ScramSyntaxError('the user name is empty')
  if (/=(?!2C|3D)/.test(text)) throw new ScramSyntaxError('= in a name must be written =3D, and a comma =2C')
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

function decodeBase64(text: string, name: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  // Node skips what it cannot read; encoding again shows whether it did.
  if (text === '' || bytes.toString('base64') !== text) throw new ScramSyntaxError(`${name} is not base64`)
  return bytes
}
