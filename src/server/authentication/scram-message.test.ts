/**
 * The two messages of a SCRAM client, taken apart: what is at the bounds of the grammar, and what is just beyond.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseClientFinal, parseClientFirst, ScramSyntaxError } from './scram-message.ts'

const first = (text: string) => parseClientFirst(Buffer.from(text))
const final = (text: string) => parseClientFinal(Buffer.from(text))
const fault = (message: RegExp) => ({ name: ScramSyntaxError.name, message })
const proof = Buffer.alloc(32, 1).toString('base64')

test('a name is unescaped once: what it says is neither lost nor read again', () => {
  for (const [sent, meant] of [
    ['a=2Cb', 'a,b'],
    ['a=3Db', 'a=b'],
    ['a=3D2Cb', 'a=2Cb'],
    ['=2C=3D', ',='],
  ]) {
    const { userName, authorizationIdentity } = first(`n,a=${sent},n=${sent},r=abc`)
    assert.deepEqual([userName, authorizationIdentity], [meant, meant])
  }
  for (const sent of ['a=', 'a=2cb', 'a=2Db', '==3D']) {
    assert.throws(() => first(`n,,n=${sent},r=abc`), fault(/must be written =3D/), sent)
    assert.throws(() => first(`n,a=${sent},n=a,r=abc`), fault(/must be written =3D/), sent)
  }
})

test('a message has 4096 bytes at most, and a nonce 512 characters, in both messages', () => {
  const whole = (length: number, begin: string) => `${begin},x=${'y'.repeat(length - begin.length - 3)}`
  assert.equal(first(whole(4096, 'n,,n=a,r=abc')).bare.length, 4093)
  assert.throws(() => first(whole(4097, 'n,,n=a,r=abc')), fault(/longer than 4096 bytes/))
  const ended = (length: number) => `${whole(length - 3 - proof.length, 'c=biws,r=abc')},p=${proof}`
  assert.equal(final(ended(4096)).nonce, 'abc')
  assert.throws(() => final(ended(4097)), fault(/longer than 4096 bytes/))
  assert.equal(first(`n,,n=a,r=${'x'.repeat(512)}`).nonce.length, 512)
  assert.throws(() => first(`n,,n=a,r=${'x'.repeat(513)}`), fault(/longer than 512/))
  assert.equal(final(`c=biws,r=${'x'.repeat(512)},p=${proof}`).nonce.length, 512)
  assert.throws(() => final(`c=biws,r=${'x'.repeat(513)},p=${proof}`), fault(/longer than 512/))
})

test('a nonce is of printable ASCII without a comma, in both messages', () => {
  for (const nonce of ['!', '~', '+-/']) {
    assert.equal(first(`n,,n=a,r=${nonce}`).nonce, nonce)
    assert.equal(final(`c=biws,r=${nonce},p=${proof}`).nonce, nonce)
  }
  for (const nonce of ['', ' ', 'a b', 'é', '\u007f']) {
    assert.throws(() => first(`n,,n=a,r=${nonce}`), fault(/empty or not printable/), nonce)
    assert.throws(() => final(`c=biws,r=${nonce},p=${proof}`), fault(/empty or not printable/), nonce)
  }
})

test('what is not UTF-8, begins with a byte order mark or has U+0000 in it is no message', () => {
  for (const parse of [parseClientFirst, parseClientFinal]) {
    assert.throws(() => parse(Buffer.from([0x6e, 0xff])), fault(/not UTF-8/))
    assert.throws(() => parse(Buffer.from(`c=biws,r=a\0b,p=${proof}`)), fault(/U\+0000/))
  }
  assert.throws(() => first('\ufeffn,,n=a,r=abc'), fault(/must begin with/))
  assert.throws(() => final(`\ufeffc=biws,r=abc,p=${proof}`), fault(/c= is missing/))
})

test('an attribute that must be understood is refused wherever it stands, and so is what is no attribute', () => {
  for (const extension of ['m=1', 'x', '1=a', 'x=']) {
    const message = extension === 'm=1' ? /m= is not supported/ : /letter=value/
    assert.throws(() => first(`n,,n=a,r=abc,${extension}`), fault(message), extension)
    assert.throws(() => first(`n,,n=a,r=abc,x=y,${extension}`), fault(message), extension)
    assert.throws(() => final(`c=biws,r=abc,${extension},p=${proof}`), fault(message), extension)
  }
  assert.throws(() => first('n,,m=1,n=a,r=abc'), fault(/m= is not supported/))
  assert.throws(() => first('n,,r=abc,n=a'), fault(/r= is missing/))
})

test('the proof is one, and the end of its message', () => {
  for (const text of [
    `c=biws,r=abc,p=${proof},p=${proof}`,
    `c=biws,r=abc,p=${proof},x=y`,
    `c=biws,r=abc,p=${proof},`,
  ]) {
    assert.throws(() => final(text), fault(/p= is not base64/), text)
  }
  assert.throws(() => final('c=biws,r=abc'), fault(/must end in p=/))
  assert.throws(() => final(`p=${proof}`), fault(/must end in p=/))
})

test('base64 is whole and in the one way to write it', () => {
  for (const text of ['', '*', 'AAA', 'AAAA=', 'AA=A', 'AAB=', 'AA-_', ' AAAA']) {
    assert.throws(() => final(`c=biws,r=abc,p=${text}`), fault(/p= is not base64/), text)
    assert.throws(() => final(`c=${text},r=abc,p=${proof}`), fault(/c= is not base64/), text)
  }
})
