/**
 * Known attacks on brokers, and some of our own.
 */
import type { Attack } from './attack.ts'
import { connectingAttacks } from './connecting-attacks.ts'
import { protocolAttacks } from './protocol-attacks.ts'
import { storingAttacks } from './storing-attacks.ts'

export const attacks: readonly Attack[] = [...connectingAttacks, ...protocolAttacks, ...storingAttacks]
