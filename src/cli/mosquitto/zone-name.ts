/**
 * The local time zone's abbreviation, such as `KST`, from the system's zone files (RFC 9636): `Intl` knows only `GMT+9`.
 */
import { readFileSync } from 'node:fs'

const zoneDirectory = '/usr/share/zoneinfo/'
let footer: string | null | undefined

/** The abbreviation in use at `date`; for a zone that cannot be read what `Intl` calls it. */
export function zoneName(date: Date): string {
  footer ??= readFooter(process.env.TZ)
  const names = footer === null ? null : namesIn(footer)
  if (names === null) return intlName(date)
  return names.daylight === null || -date.getTimezoneOffset() === names.offsetMinutes ? names.standard : names.daylight
}

/** The last line of a zone file: the rule for all times after its tables, `EST5EDT,M3.2.0,M11.1.0`. */
function readFooter(zone: string | undefined): string | null {
  const path = zone === undefined ? '/etc/localtime' : zoneDirectory + zone.replace(/^:/, '')
  try {
    const lines = readFileSync(path, 'latin1').split('\n')
    return lines.at(-2) ?? null
  } catch {
    // No zone files on this system, or no such zone: `Intl` answers, as for UTC.
    return zone === undefined || zone === '' ? 'UTC0' : null
  }
}

interface ZoneNames {
  standard: string
  daylight: string | null
  /** Of standard time; minutes east of Greenwich. */
  offsetMinutes: number
}

function namesIn(rule: string): ZoneNames | null {
  const match = /^(<[^>]+>|[A-Za-z]+)([+-]?)(\d+)(?::(\d+))?(?::\d+)?(<[^>]+>|[A-Za-z]+)?/.exec(rule)
  if (match === null) return null
  const [, standard = '', sign, hours, minutes = '0', daylight] = match
  const west = Number(hours) * 60 + Number(minutes)
  return {
    standard: standard.replace(/[<>]/g, ''),
    daylight: daylight?.replace(/[<>]/g, '') ?? null,
    offsetMinutes: sign === '-' ? west : -west,
  }
}

function intlName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date)
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
}
