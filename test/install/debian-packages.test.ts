/**
 * What installs the Debian packages of the tests neither starts a service that comes with one nor leaves it to the next start.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const script = readFileSync(new URL('../../scripts/install-debian-packages.sh', import.meta.url), 'utf8')

test('services may not start while packages are installed, and are disabled afterwards', () => {
  const folder = temporaryDirectory()
  const policy = join(folder, 'policy-rc.d')
  const log = join(folder, 'log')
  for (const name of ['bin', 'scripts']) mkdirSync(join(folder, name))
  const command = (name: string, lines: string): void => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${lines}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  command('id', 'echo 0')
  command('apt-get', `sh ${policy}; echo "apt-get $? $*" >>${log}`)
  command('systemctl', `echo "systemctl $*" >>${log}`)
  command('dpkg', 'printf "%s\\n" /lib/systemd/system /lib/systemd/system/one.service /lib/systemd/system/two@.service')
  const machine = spawnSync('uname', ['-m'], { encoding: 'utf8' }).stdout
  writeFileSync(
    join(folder, 'scripts/debian-packages.txt'),
    `there sh\ninvented command-that-is-nowhere\nelsewhere no-such-command pdp11\nhere no-such-command-either ${machine}`,
  )
  const { status, stderr } = spawnSync('sh', ['-c', script.replaceAll('/usr/sbin/policy-rc.d', policy)], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: join(folder, 'bin') + delimiter + process.env.PATH },
  })
  assert.deepEqual([status, stderr], [0, ''])
  const [installed = '', ...disabled] = readFileSync(log, 'utf8').trimEnd().split('\n')
  assert.match(installed, /^apt-get 101 .* install .* invented here$/)
  // Of each package what the dpkg above says; a template cannot be disabled.
  assert.equal(disabled.length, 2)
  for (const line of disabled) assert.match(line, /^systemctl --quiet disable (?:--now )?one\.service$/)
  assert.equal(existsSync(policy), false)
})
