/**
 * Everything that is fuzzed by bytes.
 */
import { operatorFileTargets } from './operator-files.ts'
import { proxyHeaderTarget } from './proxy-header.ts'
import { runningTargets } from './running.ts'
import type { Target } from './target.ts'

export const targets: readonly Target[] = [proxyHeaderTarget, ...operatorFileTargets, ...runningTargets]
