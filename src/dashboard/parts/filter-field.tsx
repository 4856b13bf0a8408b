/**
 * A field whose text the broker filters by, a moment after the last key.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { t } from '../text/text.ts'

const quietMs = 350

export interface FilterFieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly placeholder: string
  /** Default: Topic Filter. */
  readonly label?: string
  /** Each key, for who does not wait for the list. */
  readonly onType?: (value: string) => void
}

export function FilterField({ value, onChange, placeholder, label, onType }: FilterFieldProps) {
  const [typed, setTyped] = useState(value)
  const timer = useRef(0)
  // At once: later it would take away what has been typed meanwhile.
  useLayoutEffect(() => setTyped(value), [value])
  useEffect(() => () => clearTimeout(timer.current), [])
  return (
    <label class="field wide">
      <span>{label ?? t('table.filter')}</span>
      <input
        type="search"
        class="mono"
        value={typed}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget: { value: next } }) => {
          setTyped(next)
          onType?.(next)
          clearTimeout(timer.current)
          timer.current = setTimeout(() => onChange(next), quietMs)
        }}
      />
    </label>
  )
}

export function ClientField({ value, onChange }: Pick<FilterFieldProps, 'value' | 'onChange'>) {
  return <FilterField value={value} onChange={onChange} label={t('clients.find')} placeholder="pump-7" />
}
