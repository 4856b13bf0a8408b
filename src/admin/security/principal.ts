/**
 * Who asks, and what for.
 */

/** `observe`: to look. `publish`: to publish messages. `admin`: everything, changes and secrets included. */
export type Scope = 'observe' | 'publish' | 'admin'

export const scopes: readonly Scope[] = Object.freeze(['observe', 'publish', 'admin'])

export interface Principal {
  /** Tells it apart from every other one. */
  readonly id: string
  readonly name: string
  readonly kind: 'session' | 'key' | 'anonymous'
  readonly scopes: readonly Scope[]
  /** Null for whoever sends no cookie. */
  readonly csrfToken: string | null
  readonly expiresAtMs: number | null
}

export function mayEnter(principal: Principal, scope: Scope): boolean {
  return principal.scopes.includes('admin') || principal.scopes.includes(scope)
}
