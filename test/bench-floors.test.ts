/**
 * What a bare program costs under the load of a scenario says something only if it does what the scenario asks for.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

for (const scenario of ['pair-qos1', 'fanout-qos1']) {
  test(`the floor of ${scenario} delivers and acknowledges all that is sent`, { timeout: 60_000 }, async () => {
    const floor = `'${process.execPath}' '${path(`../bench/floors/${scenario}.mjs`)}' {port}`
    const args = ['--ours', floor, '--peer', floor, '--repeats', '1', '--seconds', '0.2', '--only', scenario]
    const { stdout } = await run(process.execPath, [path('../bench/compare.mjs'), ...args])
    const summary = JSON.parse(stdout.trim().split('\n').pop() ?? '')
    assert.equal(summary[scenario].lost, 0, stdout)
    assert.ok(summary[scenario].figures.throughput.ours > 0, stdout)
  })
}
