/**
 * Who may not connect: who is banned, until when, by whom and why.
 */
import { useState } from 'preact/hooks'
import type { Banned, BannedPage } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { count, moment, until } from '../format.ts'
import { ListFoot, useList } from '../lists.tsx'
import { serverNowMs } from '../live.ts'
import { Confirm } from '../parts/dialog.tsx'
import { Ago, FaultNotice } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { t } from '../text/text.ts'
import { BanDialog } from './ban-dialog.tsx'

const everyMs = 3000

export function Bans() {
  const [isBanning, setBanning] = useState(false)
  const [lifted, setLifted] = useState<Banned | null>(null)
  const list = useList<Banned, NonNullable<BannedPage['about']>>(
    'bans',
    (query, signal) => api.banned(query, { signal }),
    everyMs,
  )
  const { about } = list
  return (
    <section class="panel stack" aria-labelledby="bans">
      <div class="page-head">
        <h2 id="bans">{t('bans.title')}</h2>
        <span class="actions">
          {about !== null && (
            <span class="muted">{t('bans.total', { bans: count(about.bans), max: count(about.bansMax) })}</span>
          )}
          <button type="button" onClick={() => setBanning(true)}>
            {t('bans.add')}
          </button>
        </span>
      </div>
      <FaultNotice fault={list.fault} />
      <Table
        label={t('bans.title')}
        columns={columns(setLifted)}
        rows={list.rows}
        keyOf={({ as, who }) => `${as} ${who}`}
        empty={list.isLoaded ? t('bans.none') : t('table.loading')}
        onEnd={list.more}
      />
      {list.rows.length > 0 && <ListFoot list={list} />}
      {isBanning && <BanDialog known={{}} onDone={list.refresh} onClose={() => setBanning(false)} />}
      {lifted !== null && <LiftDialog ban={lifted} onDone={list.refresh} onClose={() => setLifted(null)} />}
    </section>
  )
}

function LiftDialog({ ban, onDone, onClose }: { ban: Banned; onDone: () => void; onClose: () => void }) {
  const { as, who } = ban
  return (
    <Confirm
      title={t('bans.lift.question', { who })}
      action={t('bans.lift.action')}
      run={async () => {
        await api.liftBan(as, who)
        onDone()
      }}
      onClose={onClose}
    >
      <p>{t('bans.lift.words')}</p>
    </Confirm>
  )
}

function columns(lift: (ban: Banned) => void): readonly Column<Banned>[] {
  return [
    { title: t('bans.who'), width: 10, cell: ({ who }) => <code title={who}>{who}</code> },
    { title: t('ban.as'), width: 11, cell: ({ as }) => t(`ban.as.${as}`) },
    { title: t('bans.ends'), width: 7, cell: (row) => <Ending ban={row} /> },
    { title: t('undelivered.reason'), width: 10, cell: ({ reason }) => <span title={reason}>{reason}</span> },
    { title: t('bans.by'), width: 7, cell: ({ by }) => <span title={by}>{by}</span> },
    { title: t('bans.since'), width: 7, cell: ({ at }) => <Ago atMs={Date.parse(at)} /> },
    {
      title: t('bans.lift'),
      width: 6,
      cell: (row) => (
        <button
          type="button"
          class="small"
          aria-label={t('bans.liftNamed', { who: row.who })}
          onClick={() => lift(row)}
        >
          {t('bans.lift')}…
        </button>
      ),
    },
  ]
}

function Ending({ ban }: { ban: Banned }) {
  const endsAtMs = ban.until === null ? null : Date.parse(ban.until)
  return <span title={endsAtMs === null ? undefined : moment(endsAtMs)}>{until(endsAtMs, serverNowMs())}</span>
}
