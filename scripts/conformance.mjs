/** Writes docs/conformance.md from the tests, mutations and exemptions in test/conformance. */
import { writeFileSync } from 'node:fs'
import { renderConformance } from '../test/conformance/chapters.ts'

writeFileSync(new URL('../docs/conformance.md', import.meta.url), await renderConformance())
