/**
 * The configuration that is in force, and where each value comes from.
 */
import { useState } from 'preact/hooks'
import type { ConfigEntry, Reloaded } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { useLive } from '../live.ts'
import { Confirm } from '../parts/dialog.tsx'
import { FilterField } from '../parts/filter-field.tsx'
import { Badge, FaultNotice, Notice, PageHead } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { t } from '../text/text.ts'

const everyMs = 10_000

export function ConfigPage() {
  const [search, setSearch] = useState('')
  const [isAsking, setAsking] = useState(false)
  const [reloaded, setReloaded] = useState<Reloaded | null>(null)
  const { value, fault, refresh } = useLive('config', (signal) => api.config({ signal }), everyMs)
  const rows = (value?.entries ?? []).filter(({ key }) => key.toLowerCase().includes(search.toLowerCase()))
  return (
    <>
      <PageHead title={t('config.title')} intro={t('config.intro')} />
      <div class="form">
        <FilterField label={t('table.search')} value={search} onChange={setSearch} placeholder="limits" />
        <button type="button" onClick={() => setAsking(true)}>
          {t('config.reload')}
        </button>
      </div>
      {reloaded !== null && <ReloadedNotice reloaded={reloaded} />}
      <FaultNotice fault={fault} />
      <Table
        label={t('config.title')}
        columns={columns()}
        isWrapping={true}
        rows={rows}
        keyOf={({ key }) => key}
        empty={value === null ? t('table.loading') : t('config.none')}
      />
      {isAsking && (
        <Confirm
          title={t('config.reload.question')}
          action={t('config.reload.action')}
          run={async () => {
            setReloaded(await api.reloadConfig())
            refresh()
          }}
          onClose={() => setAsking(false)}
        >
          <p>{t('config.reload.words')}</p>
        </Confirm>
      )}
    </>
  )
}

function ReloadedNotice({ reloaded: { applied, needsRestart } }: { reloaded: Reloaded }) {
  return (
    <Notice tone={needsRestart.length === 0 ? 'good' : 'warn'}>
      <p>{t('config.applied', { keys: applied.join(', ') || t('config.nothing') })}</p>
      {needsRestart.length > 0 && <p>{t('config.needsRestart', { keys: needsRestart.join(', ') })}</p>}
    </Notice>
  )
}

function columns(): readonly Column<ConfigEntry>[] {
  return [
    { title: t('config.key'), width: 13, cell: ({ key }) => <code title={key}>{key}</code> },
    { title: t('config.value'), width: 18, cell: ({ value, text }) => <code>{text ?? wordsOf(value)}</code> },
    {
      title: t('config.source'),
      width: 9,
      cell: (row) => <Source {...row} />,
    },
  ]
}

function Source({ isDefault, source }: Pick<ConfigEntry, 'isDefault' | 'source'>) {
  if (isDefault === true) return <Badge>{t('config.default')}</Badge>
  if (source !== undefined) return <code>{source}</code>
  return isDefault === null ? <>–</> : <Badge tone="accent">{t('config.given')}</Badge>
}

function wordsOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
