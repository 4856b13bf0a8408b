/**
 * A file system in a file, whose power can be cut: ext4 is told to shut down without flushing its log, so that what no
 * sync has put on the disk is gone when it is mounted again. Needs root, mkfs.ext4, loop devices and python3.
 */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH, which Node has no call for. Prints when it began. */
const cutter = `
import fcntl, os, struct, sys, time
for path in sys.stdin:
    directory = os.open(path.strip(), os.O_RDONLY)
    began = time.time()
    fcntl.ioctl(directory, 0x8004587d, struct.pack("I", 2))
    os.close(directory)
    print(began, flush=True)
`

export class LoopFileSystem implements AsyncDisposable {
  /** Where it is mounted. */
  readonly path: string
  readonly #directory: string
  readonly #image: string
  readonly #cutter: ChildProcessByStdio<Writable, Readable, null>
  #isMounted = false

  /** @throws an Error with the words of the command that this machine does not allow. */
  constructor(mebibytes: number) {
    this.#directory = mkdtempSync(join(tmpdir(), 'pabal-power-'))
    this.#image = join(this.#directory, 'image')
    this.path = join(this.#directory, 'mounted')
    mkdirSync(this.path)
    writeFileSync(this.#image, '')
    truncateSync(this.#image, mebibytes * 1024 * 1024)
    this.#cutter = spawn('python3', ['-c', cutter], { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      // No blocks set aside for root: what statfs says is free can be used up.
      run('mkfs.ext4', '-q', '-F', '-m', '0', this.#image)
      this.mount()
    } catch (error) {
      this.#cutter.kill()
      rmSync(this.#directory, { recursive: true })
      throw error
    }
  }

  mount(): void {
    run('mount', '-o', 'loop', this.#image, this.path)
    this.#isMounted = true
  }

  unmount(): void {
    run('umount', this.path)
    this.#isMounted = false
  }

  /** Nothing reaches the disk any more. Resolves to the time it began, in milliseconds since 1970. */
  async cutPower(): Promise<number> {
    const answer = once(this.#cutter.stdout, 'data')
    this.#cutter.stdin.write(`${this.path}\n`)
    const [text] = await answer
    return Number(text) * 1000
  }

  /** What the kernel does by itself after an error: the file system can only be read from now on. */
  makeReadOnly(): void {
    run('mount', '-o', 'remount,abort', this.path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#cutter, 'exit')
    this.#cutter.stdin.end()
    await gone
    // Also if a test that failed still has files open.
    if (this.#isMounted) run('umount', '--lazy', this.path)
    rmSync(this.#directory, { recursive: true })
  }
}

/** Why this machine cannot do it, or null. */
export async function whyNoLoopFileSystem(): Promise<string | null> {
  try {
    await using fileSystem = new LoopFileSystem(8)
    await fileSystem.cutPower()
    return null
  } catch (error) {
    const words = error instanceof Error ? error.message.replaceAll('\n', ' ').trim() : String(error)
    return `needs root, mkfs.ext4, loop devices and python3: ${words}`
  }
}

function run(command: string, ...words: string[]): void {
  execFileSync(command, words, { stdio: ['ignore', 'ignore', 'pipe'] })
}
