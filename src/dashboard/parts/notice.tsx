/**
 * Small parts that say something: notices, badges, numbers with a name, times, and what went wrong.
 */
import type { ComponentChildren } from 'preact'
import type { ApiFault } from '../api.ts'
import { ago, moment } from '../format.ts'
import { serverNowMs } from '../live.ts'
import { t } from '../text/text.ts'

export type Tone = 'good' | 'warn' | 'danger' | 'accent'

export function Badge({ tone, children }: { tone?: Tone | undefined; children: ComponentChildren }) {
  return <span class={`badge ${tone ?? ''}`}>{children}</span>
}

export function Notice({ tone, children }: { tone?: Tone; children: ComponentChildren }) {
  return (
    <div class={`notice ${tone ?? ''}`} role={tone === 'danger' ? 'alert' : 'status'}>
      {children}
    </div>
  )
}

/** Nothing if nothing went wrong. That the broker does not answer is said once, above the page. */
export function FaultNotice({ fault }: { fault: ApiFault | null }) {
  if (fault === null || fault.status === 0) return null
  return (
    <Notice tone="danger">
      <strong>{fault.title()}</strong>
      {fault.faults.length === 0
        ? fault.message
        : fault.faults.map(({ place, found, expected, advice }, index) => (
            <p key={index}>
              <b>{place}</b>: {found} → {expected}. {advice}
            </p>
          ))}
    </Notice>
  )
}

export interface StatProps {
  readonly title: string
  readonly value: string
  readonly note?: string | undefined
  readonly tone?: 'danger' | 'warn' | undefined
}

export function Stat({ title, value, note, tone }: StatProps) {
  return (
    <div class={`stat ${tone ?? ''}`}>
      <dt>{title}</dt>
      <dd class="value">{value}</dd>
      {note !== undefined && <dd class="note">{note}</dd>}
    </div>
  )
}

export function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  )
}

export function Ago({ atMs }: { atMs: number | null }) {
  return (
    <time dateTime={atMs === null ? undefined : new Date(atMs).toISOString()} title={moment(atMs)}>
      {ago(atMs, serverNowMs())}
    </time>
  )
}

export function Presence({ online }: { online: boolean }) {
  return <Badge tone={online ? 'good' : undefined}>{t(online ? 'state.online' : 'state.offline')}</Badge>
}

export interface PageHeadProps {
  readonly title: string
  readonly intro?: string
  readonly children?: ComponentChildren
}

export function PageHead({ title, intro, children }: PageHeadProps) {
  return (
    <header>
      <div class="page-head">
        <h1>{title}</h1>
        {children}
      </div>
      {intro !== undefined && <p class="intro">{intro}</p>}
    </header>
  )
}
