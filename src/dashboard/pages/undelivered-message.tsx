/**
 * One message with what it says. Whatever that is, it is shown as text.
 */
import type { DeadMessage, Held, HeldMessage } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { bytes, moment } from '../format.ts'
import { useLive } from '../live.ts'
import { Content } from '../parts/content.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Fact, FaultNotice } from '../parts/notice.tsx'
import { t } from '../text/text.ts'
import { type Deed, deedName, type Kind } from './undelivered-deeds.tsx'

export interface MessageDialogProps {
  readonly kind: Kind
  readonly row: Held
  readonly onDeed: (deed: Deed) => void
  readonly onClose: () => void
}

export function MessageDialog({ kind, row, onDeed, onClose }: MessageDialogProps) {
  const { value, fault } = useLive<HeldMessage | DeadMessage>(
    `${kind} ${row.id}`,
    (signal) => (kind === 'held' ? api.heldMessage : api.deadMessage).call(api, row.id, { signal }),
    0,
  )
  return (
    <Dialog title={t('undelivered.message', { id: String(row.id), topic: row.topic })} onClose={onClose}>
      <div class="stack">
        <dl class="facts">
          <Fact title={t('undelivered.publisher')}>{row.clientIdentifier || t('value.broker')}</Fact>
          <Fact title={t('who.account')}>{row.account || '–'}</Fact>
          <Fact title={t('who.qos')}>{row.qos}</Fact>
          <Fact title={t('undelivered.size')}>{bytes(row.bytes)}</Fact>
          <Fact title={t('undelivered.at')}>{moment(row.heldAtMs)}</Fact>
          <Fact title={t('undelivered.expires')}>
            {row.expiresAtMs === null ? t('time.never') : moment(row.expiresAtMs)}
          </Fact>
        </dl>
        <FaultNotice fault={fault} />
        {value !== null && <Content content={value} />}
        <div class="actions end">
          <button type="button" onClick={() => onDeed('drop')}>
            {t('undelivered.drop')}…
          </button>
          <button type="button" class="primary" onClick={() => onDeed('again')}>
            {t(`undelivered.${deedName(kind, 'again')}`)}…
          </button>
          <form method="dialog">
            <button type="submit">{t('dialog.close')}</button>
          </form>
        </div>
      </div>
    </Dialog>
  )
}
