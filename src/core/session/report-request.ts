/**
 * What a 5.0 publisher asks for with the User Property `pabal-report: counts`: who listens, in numbers, on its acknowledgement.
 */
import type { Publish } from '../../protocol/packets/publish.ts'

export function wantsCounts({ properties }: Publish): boolean {
  return properties.userProperties?.some(asksForCounts) === true
}

function asksForCounts([name, value]: readonly [string, string]): boolean {
  return name === 'pabal-report' && value === 'counts'
}
