/**
 * Texts of the pages.
 */
import { banTexts } from './bans.ts'
import { listTexts } from './lists.ts'
import { overviewTexts } from './overview.ts'
import { securityTexts } from './security.ts'
import { sessionTexts } from './sessions.ts'
import type { Texts } from './table.ts'
import { tryTexts } from './trying.ts'
import { undeliveredTexts } from './undelivered.ts'
import { whoTexts } from './who.ts'

export const pageTexts = {
  ...overviewTexts,
  ...whoTexts,
  ...undeliveredTexts,
  ...tryTexts,
  ...listTexts,
  ...sessionTexts,
  ...securityTexts,
  ...banTexts,
} as const satisfies Texts
