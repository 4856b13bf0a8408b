/**
 * `%f` and `%d` of `-F`: payloads of four and eight bytes, printed as the C library prints them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessagePrinter, type PrintedMessage } from '../../src/cli/mosquitto/message-printer.ts'
import { parseFormat } from '../../src/cli/mosquitto/output-format.ts'
import { publish } from '../../src/protocol/packets/publish.ts'

const plain = { isVerbose: false, isPretty: false, endsLines: false, jsonShape: '2.1' } as const

function print(format: string, payload: Buffer): PrintedMessage {
  const printer = new MessagePrinter({ ...plain, format: Buffer.from(format) }, false)
  return printer.print(publish({ topicName: 'a/커피', payload }))
}

const floatMax = 3.4028234663852886e38

/** As glibc's printf prints them. `{}` is the letter: `f` for four bytes, `d` for eight. */
const ofBothSizes: readonly (readonly [value: number, format: string, printed: string])[] = [
  [1.5, '%{}', '1.500000'],
  [-0, '%{}', '-0.000000'],
  [1e-7, '%{}', '0.000000'],
  [-1e-7, '%{}', '-0.000000'],
  [2 ** 70, '%{}', '1180591620717411303424.000000'],
  [floatMax, '%.0{}', '340282346638528859811704183484516925440'],
  [1.5, '%.3{}', '1.500'],
  [1.5, '%.{}', '2'],
  [0.5, '%.0{}', '0'],
  [2.5, '%.0{}', '2'],
  [-2.5, '%.0{}', '-2'],
  [3.5, '%.0{}', '4'],
  [0.125, '%.2{}', '0.12'],
  [0.375, '%.2{}', '0.38'],
  [9.96875, '%.1{}', '10.0'],
  [-2.5, '%12{}|', '   -2.500000|'],
  [-2.5, '%-12{}|', '-2.500000   |'],
  [-2.5, '%012{}|', '-0002.500000|'],
  [2.5, '%012{}|', '00002.500000|'],
  [-2.5, '%-012{}|', '-2.500000   |'],
  [-2.5, '%8.2{}|', '   -2.50|'],
  [-2.5, '%08.2{}|', '-0002.50|'],
  [-2.5, '%-8.2{}|', '-2.50   |'],
  [-2.5, '%3{}|', '-2.500000|'],
  [Number.POSITIVE_INFINITY, '%{}|%5.1{}|%05{}|%-5{}|', 'inf|  inf|  inf|inf  |'],
  [Number.NEGATIVE_INFINITY, '%{}|%6.1{}|%06{}|%-6{}|', '-inf|  -inf|  -inf|-inf  |'],
]

for (const [value, format, printed] of ofBothSizes) {
  const four = Buffer.alloc(4)
  four.writeFloatLE(value)
  const eight = Buffer.alloc(8)
  eight.writeDoubleLE(value)
  for (const [letter, payload] of [
    ['f', four],
    ['d', eight],
  ] as const) {
    const ofLetter = format.replaceAll('{}', letter)
    test(`${ofLetter} of ${Object.is(value, -0) ? '-0' : value} prints ${printed}`, () => {
      const { bytes, complaint } = print(ofLetter, payload)
      assert.deepEqual([bytes.toString(), complaint], [printed, ''])
    })
  }
}

/** Where the size matters, and what only bytes can say. */
const ofOneSize: readonly (readonly [hex: string, format: string, printed: string])[] = [
  ['cdcccc3d', '%f', '0.100000'],
  ['cdcccc3d', '%.20f', '0.10000000149011611938'],
  ['9a9999999999b93f', '%d', '0.100000'],
  ['9a9999999999b93f', '%.20d', '0.10000000000000000555'],
  ['01000000', '%.50f', '0.00000000000000000000000000000000000000000000140130'],
  ['0100000000000000', '%.330d', `0.${'0'.repeat(323)}4940656`],
  ['000000000000e03f', '%.1100d', `0.5${'0'.repeat(1099)}`],
  ['0000c07f', '%f|%06f|', 'nan|   nan|'],
  ['0000c0ff', '%f|%06f|', '-nan|  -nan|'],
  ['000000000000f87f', '%d|%-6d|', 'nan|nan   |'],
  ['000000000000f8ff', '%d|%-6d|', '-nan|-nan  |'],
  ['0000c03f', '%t=%f (%l)', 'a/커피=1.500000 (4)'],
]

for (const [hex, format, printed] of ofOneSize) {
  test(`${format} of the bytes ${hex} prints ${printed.slice(0, 60)}`, () => {
    const { bytes, complaint } = print(format, Buffer.from(hex, 'hex'))
    assert.deepEqual([bytes.toString(), complaint], [printed, ''])
  })
}

for (const [letter, size] of [
  ['f', 4],
  ['d', 8],
] as const) {
  for (const length of [0, 1, 3, 4, 5, 7, 8, 9, 16].filter((each) => each !== size)) {
    test(`%${letter} of ${length} bytes is a complaint, and nothing stands in its place`, () => {
      const { bytes, complaint } = print(`[%010.1${letter}] %l`, Buffer.alloc(length))
      assert.equal(bytes.toString(), `[] ${length}`)
      assert.equal(
        complaint,
        `Error: Message payload has ${length} bytes, not the ${size} of %${letter} on topic a/커피.\n`,
      )
    })
  }
}

test('under the names of the Debian tools %f and %d are refused, and %i everywhere', () => {
  const refused = (letter: string) => ({ message: `Error: Invalid format specifier '${letter}'.\n` })
  for (const letter of ['f', 'd', 'i']) {
    assert.throws(() => parseFormat(Buffer.from(`%5.1${letter}`), true), refused(letter))
  }
  assert.throws(() => parseFormat(Buffer.from('%i'), false), refused('i'))
})
