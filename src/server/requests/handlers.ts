/**
 * Everything that can be asked of the broker, by name: `$pabal/NAME`.
 */
import type { RequestHandler } from './request-handler.ts'
import { who } from './who.ts'

export const handlers: Readonly<Record<string, RequestHandler>> = { who }
