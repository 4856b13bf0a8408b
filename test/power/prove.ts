/**
 * `npm run prove power`: fifty power cuts under load, ten of a broker that syncs every tenth of a second, one of a broker that
 * never does, and the failure of each of the first forty writes and syncs. Ends with exit code 1 at the first fault.
 */
import assert from 'node:assert/strict'
import { surviveFailure, whyNoFailingCalls, withFailingCalls } from './failing-calls.ts'
import { LoopFileSystem, whyNoLoopFileSystem } from './loop-file-system.ts'
import { loseInCut, surviveCuts } from './power-cuts.ts'

const cuts = 50
const intervalCuts = 10
const calls = 40

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function provePowerCuts(): Promise<void> {
  await using fileSystem = new LoopFileSystem(2048)
  const seed = Date.now() % 1_000_000
  say(`Power cuts, seed ${seed}`)
  const { acknowledged, stoppedByItself } = await surviveCuts(fileSystem, cuts, seed, say)
  say(`${cuts} power cuts: ${acknowledged} messages acknowledged, 0 lost, 0 repeated at QoS 2, order kept.`)
  say(`In ${stoppedByItself} of them the broker was left to find out by itself.`)
}

async function proveInterval(): Promise<void> {
  await using fileSystem = new LoopFileSystem(2048)
  let messages = 0
  let reachesBackMs = 0
  for (let cut = 0; cut < intervalCuts; cut++) {
    const loss = await loseInCut(fileSystem, 'interval', 3000 + 700 * cut)
    assert.equal(loss.hasHoles, false, 'what is left is not what was sent first')
    messages += loss.messages
    reachesBackMs = Math.max(reachesBackMs, loss.reachesBackMs)
  }
  say(`Durability interval, ${intervalCuts} cuts: ${messages} messages lost, always the last ones.`)
  say(`The oldest had been acknowledged ${Math.round(reachesBackMs)} ms before the cut; the interval is 100 ms.`)
  assert.ok(reachesBackMs <= 100, 'the loss reaches back further than the interval')
  const control = await loseInCut(fileSystem, 'forgetful', 2000)
  say(`Without any sync: ${control.messages} messages lost.`)
  assert.ok(control.messages > 0, 'the control run lost nothing, so this proves nothing')
}

async function proveFailingCalls(): Promise<void> {
  await withFailingCalls(async (library) => {
    for (const [call, errno, what] of [
      ['write', 5, 'EIO'],
      ['write', 28, 'ENOSPC'],
      ['sync', 5, 'EIO'],
    ] as const) {
      const outcomes = new Map<string, number>()
      for (let at = 1; at <= calls; at++) {
        const outcome = await surviveFailure(library, { call, at, errno })
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
      const counts = [...outcomes].map(([outcome, count]) => `${outcome} ${count} times`).join(', ')
      say(`Each of the first ${calls} calls of ${call} failed with ${what}: the broker ${counts}; nothing was lost.`)
    }
  })
}

const noLoop = await whyNoLoopFileSystem()
const noCalls = whyNoFailingCalls()
if (noLoop === null) {
  await provePowerCuts()
  await proveInterval()
} else say(`Power cuts are skipped: this ${noLoop}`)
if (noCalls === null) await proveFailingCalls()
else say(`Failing calls are skipped: this ${noCalls}`)
