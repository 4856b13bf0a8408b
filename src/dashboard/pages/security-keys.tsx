/**
 * The keys that programs use the API with: made, shown once, taken back.
 */
import { useState } from 'preact/hooks'
import type { ApiKey, MakeApiKey, NewApiKey } from '../../admin/api-types.ts'
import { type ApiFault, api } from '../api.ts'
import { noteFault, useLive } from '../live.ts'
import { Confirm } from '../parts/dialog.tsx'
import { Ago, FaultNotice, Notice } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { t } from '../text/text.ts'

type Scope = MakeApiKey['scopes'][number]

const scopes: readonly Scope[] = ['observe', 'publish', 'admin']
const everyMs = 5000

export function ApiKeys() {
  const { value, fault, refresh } = useLive('keys', (signal) => api.apiKeys({ signal }), everyMs)
  const [made, setMade] = useState<NewApiKey | null>(null)
  const [removed, setRemoved] = useState<ApiKey | null>(null)
  return (
    <section class="panel stack" aria-labelledby="keys">
      <h2 id="keys">{t('keys.title')}</h2>
      <FaultNotice fault={fault} />
      <Table
        label={t('keys.title')}
        columns={columns(setRemoved)}
        rows={value?.data ?? []}
        keyOf={({ id }) => id}
        empty={value === null ? t('table.loading') : t('keys.none')}
      />
      <MakeKey
        onMade={(key) => {
          setMade(key)
          refresh()
        }}
      />
      {made !== null && (
        <Notice tone="good">
          <strong>{t('keys.made')}</strong>
          <code class="break">{made.key}</code>
        </Notice>
      )}
      {removed !== null && (
        <Confirm
          title={t('keys.remove.question', { name: removed.name })}
          action={t('keys.remove')}
          isDangerous={true}
          run={async () => {
            await api.removeApiKey(removed.id)
            refresh()
          }}
          onClose={() => setRemoved(null)}
        >
          <p>{t('keys.remove.words')}</p>
        </Confirm>
      )}
    </section>
  )
}

function MakeKey({ onMade }: { onMade: (key: NewApiKey) => void }) {
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<readonly Scope[]>(['observe'])
  const [fault, setFault] = useState<ApiFault | null>(null)
  const make = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      onMade(await api.makeApiKey({ name, scopes: [...chosen] }))
      setFault(null)
      setName('')
    } catch (error) {
      setFault(noteFault(error))
    }
  }
  return (
    <form class="form" onSubmit={make}>
      <label class="field">
        <span>{t('keys.name')}</span>
        <input required value={name} maxLength={100} onInput={({ currentTarget }) => setName(currentTarget.value)} />
      </label>
      {scopes.map((scope) => (
        <label key={scope} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(scope)}
            onChange={({ currentTarget: { checked } }) =>
              setChosen(scopes.filter((each) => (each === scope ? checked : chosen.includes(each))))
            }
          />
          {scope}
        </label>
      ))}
      <button type="submit" disabled={chosen.length === 0}>
        {t('keys.make')}
      </button>
      <FaultNotice fault={fault} />
    </form>
  )
}

function columns(remove: (key: ApiKey) => void): readonly Column<ApiKey>[] {
  return [
    { title: t('keys.name'), width: 7, cell: ({ name }) => <span title={name}>{name}</span> },
    { title: t('keys.scopes'), width: 8, cell: (row) => row.scopes.join(', ') },
    { title: t('keys.used'), width: 6, cell: (row) => <Ago atMs={row.lastUsedAtMs} /> },
    {
      title: t('keys.remove'),
      width: 6,
      cell: (row) => (
        <button
          type="button"
          class="small"
          aria-label={t('keys.removeNamed', { name: row.name })}
          onClick={() => remove(row)}
        >
          {t('keys.remove')}…
        </button>
      ),
    },
  ]
}
