/**
 * Where the message of pub and rr comes from: the command line, a file, standard input as a whole or line by line.
 */
import { readFileSync, statSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import type { Options } from './options.ts'
import type { ToolOutput } from './tool-output.ts'

const payloadBytesMax = 268_435_455

/** The payload, empty for lines; null if it could not be read, which has been said. */
export async function loadMessage(options: Options, output: ToolOutput): Promise<Buffer | null> {
  switch (options.messageMode) {
    case 'none':
    case 'null':
    case 'lines':
      return Buffer.alloc(0)
    case 'message':
      return options.message
    case 'file':
      return loadFile(options.messageFile, output)
    case 'stdin': {
      const payload = await buffer(process.stdin)
      if (payload.length > 0) return payload
      output.complain('Error: Zero length input.\nError loading input from stdin.\n')
      return null
    }
  }
}

function loadFile(file: string, output: ToolOutput): Buffer | null {
  const failed = `Error loading input file "${file}".\n`
  try {
    const status = statSync(file)
    if (status.isDirectory() || status.size > payloadBytesMax) {
      output.complain(`Error: File must be less than ${payloadBytesMax} bytes.\n\n${failed}`)
      return null
    }
    return readFileSync(file)
  } catch {
    output.complain(`Error: Unable to open file "${file}".\n${failed}`)
    return null
  }
}

/** Lines of standard input without their ends; the last one counts even if nothing ends it. */
export async function* stdinLines(): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  for await (const chunk of process.stdin) {
    // Standard input has no encoding set, so its chunks are Buffers.
    let bytes = chunk as Buffer
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      yield Buffer.concat([...rest, bytes.subarray(0, end)])
      rest = []
      bytes = bytes.subarray(end + 1)
    }
    if (bytes.length > 0) rest.push(bytes)
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}
