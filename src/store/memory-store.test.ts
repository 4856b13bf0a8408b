import { testLogPort } from './log-port-contract.ts'
import { MemoryStore } from './memory-store.ts'

testLogPort('in memory', () => new MemoryStore())
