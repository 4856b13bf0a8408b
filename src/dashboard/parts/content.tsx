/**
 * What a message says. Whatever that is, it is shown as text.
 */
import type { HeldMessage } from '../../admin/api-types.ts'
import { bytes } from '../format.ts'
import { t } from '../text/text.ts'
import { Notice } from './notice.tsx'

const shownBytesMax = 64 * 1024

export type ContentFields = Pick<HeldMessage, 'payload' | 'payloadBytes' | 'properties'>

export function Content({ content: { payload, payloadBytes, properties } }: { content: ContentFields }) {
  const isText = typeof payload === 'string'
  const hasProperties = Object.keys(properties).length > 0
  return (
    <>
      <section class="stack">
        <h3>{t('undelivered.payload')}</h3>
        {!isText && <Notice>{t('undelivered.payload.base64')}</Notice>}
        {payloadBytes > shownBytesMax && (
          <Notice tone="warn">{t('undelivered.payload.cut', { size: bytes(payloadBytes) })}</Notice>
        )}
        {payloadBytes === 0 ? (
          <p class="muted">{t('undelivered.payload.empty')}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
          <pre tabIndex={0}>{isText ? payload : payload.base64}</pre>
        )}
      </section>
      {hasProperties && (
        <section class="stack">
          <h3>{t('undelivered.properties')}</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
          <pre tabIndex={0}>{JSON.stringify(properties, null, 2)}</pre>
        </section>
      )}
    </>
  )
}
