/**
 * A choice of the QoS.
 */
import { t } from '../text/text.ts'

type Qos = 0 | 1 | 2

const all: readonly Qos[] = [0, 1, 2]

export interface QosFieldProps {
  readonly value: Qos
  readonly onChange: (qos: Qos) => void
  readonly isDisabled?: boolean
}

export function QosField({ value, onChange, isDisabled = false }: QosFieldProps) {
  return (
    <label class="field narrow">
      <span>{t('who.qos')}</span>
      <select
        value={value}
        disabled={isDisabled}
        onChange={({ currentTarget }) => onChange(all.find((qos) => String(qos) === currentTarget.value) ?? 0)}
      >
        {all.map((qos) => (
          <option key={qos} value={qos}>
            {qos}
          </option>
        ))}
      </select>
    </label>
  )
}
