/**
 * What a message says, in several views. Whatever that is, it is shown as text.
 */
import { useState } from 'preact/hooks'
import type { HeldMessage } from '../../admin/api-types.ts'
import { bytes } from '../format.ts'
import { show, type View, viewsOf } from '../payload.ts'
import { t } from '../text/text.ts'
import { Notice } from './notice.tsx'

export type ContentFields = Pick<HeldMessage, 'payload' | 'payloadBytes' | 'payloadTruncated' | 'properties'>

export function Content({ content }: { content: ContentFields }) {
  const { payload, payloadBytes, payloadTruncated, properties } = content
  const views = viewsOf(payload)
  const [chosen, setChosen] = useState<View | null>(null)
  const [first = 'text'] = views
  const view = chosen !== null && views.includes(chosen) ? chosen : first
  return (
    <>
      <section class="stack">
        <div class="page-head">
          <h3>{t('undelivered.payload')}</h3>
          {payloadBytes > 0 && views.length > 1 && (
            <fieldset class="tabs">
              <legend class="hidden">{t('payload.view')}</legend>
              {views.map((each) => (
                <button
                  key={each}
                  type="button"
                  class="small"
                  aria-pressed={each === view}
                  onClick={() => setChosen(each)}
                >
                  {t(`payload.${each}`)}
                </button>
              ))}
            </fieldset>
          )}
        </div>
        {typeof payload !== 'string' && <p class="muted">{t('payload.notText')}</p>}
        {payloadTruncated && <Notice tone="warn">{t('undelivered.payload.cut', { size: bytes(payloadBytes) })}</Notice>}
        {payloadBytes === 0 ? (
          <p class="muted">{t('undelivered.payload.empty')}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
          <pre class={view === 'hex' ? 'hex' : undefined} tabIndex={0}>
            {show(payload, view)}
          </pre>
        )}
      </section>
      <Properties properties={properties} />
    </>
  )
}

function Properties({ properties }: Pick<ContentFields, 'properties'>) {
  const { userProperties = [], ...others } = properties
  const named = names.flatMap((name) => (others[name] === undefined ? [] : [[name, others[name]] as const]))
  if (named.length + userProperties.length === 0) return null
  return (
    <section class="stack">
      <h3>{t('undelivered.properties')}</h3>
      <dl class="pairs">
        {named.map(([name, value]) => (
          <Pair key={name} name={t(`property.${name}`)} value={String(value)} />
        ))}
        {userProperties.map(([name, value], index) => (
          <Pair key={index} name={t('property.userProperty', { name })} value={value} />
        ))}
      </dl>
    </section>
  )
}

const names = [
  'contentType',
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'responseTopic',
  'correlationData',
  'subscriptionIdentifiers',
] as const

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="mono">{value}</dd>
    </div>
  )
}
