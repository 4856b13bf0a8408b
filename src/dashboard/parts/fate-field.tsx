/**
 * A choice among fates of messages.
 */
import type { FateEntry } from '../../admin/api-types.ts'
import { t } from '../text/text.ts'

export type MessageFate = FateEntry['fate']

export interface FateFieldProps {
  /** One of `fates`; empty for all of them. */
  readonly value: string
  readonly fates: readonly MessageFate[]
  readonly onChange: (fate: string) => void
}

export function FateField({ value, fates, onChange }: FateFieldProps) {
  return (
    <label class="field">
      <span>{t('undelivered.fate')}</span>
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        <option value="">{t('clients.all')}</option>
        {fates.map((fate) => (
          <option key={fate} value={fate}>
            {t(`fate.${fate}`)}
          </option>
        ))}
      </select>
    </label>
  )
}
