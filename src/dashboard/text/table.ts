/**
 * Every text of the dashboard, in English and Korean.
 */

import { fateTexts } from './fates.ts'
import { faultTexts } from './faults.ts'
import { pageTexts } from './pages.ts'
import { shellTexts } from './shell.ts'

export type Texts = Readonly<Record<string, readonly [english: string, korean: string]>>

export const table = { ...shellTexts, ...pageTexts, ...fateTexts, ...faultTexts } as const satisfies Texts

export type TextKey = keyof typeof table
