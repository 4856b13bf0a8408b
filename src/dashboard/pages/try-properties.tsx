/**
 * The properties of MQTT 5.0 that a message may have; out of sight until somebody wants them.
 */
import type { Draft, UserProperty } from '../draft.ts'
import { t } from '../text/text.ts'

export interface PropertyFieldsProps {
  readonly draft: Draft
  readonly onChange: (changed: Partial<Draft>) => void
}

export function PropertyFields({ draft, onChange }: PropertyFieldsProps) {
  const { contentType, expires, isText, responseTopic, correlation, userProperties } = draft
  const single = [contentType, expires, responseTopic, correlation].filter((value) => value !== '').length
  const n = single + (isText ? 1 : 0) + userProperties.length
  return (
    <details>
      <summary>{n === 0 ? t('try.more') : t('try.more.count', { n })}</summary>
      <div class="stack">
        <div class="form">
          <Text
            label={t('property.contentType')}
            value={contentType}
            placeholder="application/json"
            onChange={(value) => onChange({ contentType: value })}
          />
          <label class="field">
            <span>{t('try.expires')}</span>
            <input
              type="number"
              min="0"
              max="4294967295"
              step="1"
              value={expires}
              onInput={({ currentTarget }) => onChange({ expires: currentTarget.value })}
            />
          </label>
          <Text
            label={t('property.responseTopic')}
            value={responseTopic}
            placeholder="replies/7"
            onChange={(value) => onChange({ responseTopic: value })}
          />
          <Text
            label={t('property.correlationData')}
            value={correlation}
            onChange={(value) => onChange({ correlation: value })}
          />
        </div>
        <label class="check">
          <input
            type="checkbox"
            checked={isText}
            onChange={({ currentTarget }) => onChange({ isText: currentTarget.checked })}
          />
          {t('try.isText')}
        </label>
        <UserProperties pairs={userProperties} onChange={(pairs) => onChange({ userProperties: pairs })} />
      </div>
    </details>
  )
}

interface TextProps {
  readonly label: string
  readonly value: string
  readonly placeholder?: string
  readonly onChange: (value: string) => void
}

function Text({ label, value, placeholder = '', onChange }: TextProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        class="mono"
        value={value}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </label>
  )
}

interface UserPropertiesProps {
  readonly pairs: readonly UserProperty[]
  readonly onChange: (pairs: readonly UserProperty[]) => void
}

function UserProperties({ pairs, onChange }: UserPropertiesProps) {
  const set = (index: number, changed: Partial<UserProperty>): void =>
    onChange(pairs.map((pair, at) => (at === index ? { ...pair, ...changed } : pair)))
  return (
    <div class="stack">
      {pairs.map(({ name, value }, index) => (
        <div key={index} class="pair-fields">
          <input
            class="mono"
            value={name}
            aria-label={t('try.userProperty.name', { n: index + 1 })}
            onInput={({ currentTarget }) => set(index, { name: currentTarget.value })}
          />
          <input
            class="mono"
            value={value}
            aria-label={t('try.userProperty.value', { n: index + 1 })}
            onInput={({ currentTarget }) => set(index, { value: currentTarget.value })}
          />
          <button
            type="button"
            class="small"
            aria-label={t('try.userProperty.remove', { n: index + 1 })}
            onClick={() => onChange(pairs.filter((_, at) => at !== index))}
          >
            ×
          </button>
        </div>
      ))}
      <div>
        <button type="button" class="small" onClick={() => onChange([...pairs, { name: '', value: '' }])}>
          {t('try.userProperty.add')}
        </button>
      </div>
    </div>
  )
}
