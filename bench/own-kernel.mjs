/**
 * A kernel of its own for a part of the benchmark: User-Mode Linux, a program like any other (Debian's package user-mode-linux).
 *
 * In it a process may open as many files as it likes, where this machine's limit cannot be raised. It sees this machine's files, but cannot
 * change them, and has memory, a loopback network and a /run of its own. It has one core, and a system call takes many times what it takes
 * elsewhere: what is measured in it can be compared with what else is measured in it.
 */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quote } from './broker-process.mjs'
import { fail } from './options.ts'

const program = 'linux.uml'
const begin = '--- what it says begins ---'
const end = '--- it has ended with '

/** What the kernel runs first, and nothing else. */
const firstProgram = (words, filesMax) => `#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
ip link set lo up || ifconfig lo up
ulimit -n ${filesMax}
cd ${quote(process.cwd())}
echo '${begin}'
${words.map((word) => quote(String(word))).join(' ')}
echo '${end}'$?
poweroff -f
`

/**
 * Runs a command line in it and resolves to what that printed. Throws with it if that fails or takes longer; ends the process if there is
 * no such kernel here.
 */
export async function underOwnKernel(words, { filesMax, memory = '8G', secondsMax = 900 }) {
  if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) {
    fail(`${program} is missing`, 'as root: apt-get install --no-install-recommends user-mode-linux')
  }
  const directory = mkdtempSync(join(tmpdir(), 'pabal-kernel-'))
  const init = join(directory, 'init')
  writeFileSync(init, firstProgram(words, filesMax))
  chmodSync(init, 0o755)
  const root = ['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro']
  const output = ['quiet', 'con=null', 'con0=null,fd:1']
  try {
    const own = [`mem=${memory}`, `uml_dir=${directory}`, `init=${init}`]
    const said = await saidBy([...own, ...root, ...output], secondsMax)
    const [text = '', status] = (said.split(`${begin}\n`)[1] ?? '').split(end)
    if (status?.startsWith('0\n')) return text
    throw new Error(
      `in a kernel of its own it ended with ${status?.split('\n')[0] ?? 'nothing'}: ${(text || said).slice(-2000)}`,
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** All of the kernel's processes are one group. */
function saidBy(args, secondsMax) {
  return new Promise((done, refuse) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        said += text.replaceAll('\r', '')
      })
    }
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), secondsMax * 1000)
    child.on('error', (error) => {
      clearTimeout(timer)
      refuse(error)
    })
    child.on('close', () => {
      clearTimeout(timer)
      done(said)
    })
  })
}
