/**
 * The Topic Names messages came in on lately, as a tree: how much, and who listens.
 */
import { useMemo, useState } from 'preact/hooks'
import type { SeenTopic, TopicPage } from '../../admin/api-types.ts'
import { api, given } from '../api.ts'
import { count, rate } from '../format.ts'
import { ListFoot, useList } from '../lists.tsx'
import { FilterField } from '../parts/filter-field.tsx'
import { Ago, Badge, FaultNotice, PageHead } from '../parts/notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { link, route, setQuery } from '../route.ts'
import { t } from '../text/text.ts'
import { listenersOf, rowsOf, type TopicNode, treeOf } from '../topic-tree.ts'

/** So that what happens is seen within a second. */
const everyMs = 500
/** A small tree is shown open. */
const openRowsMax = 60

export function TopicsPage() {
  const { filter = '' } = route.value.query
  const list = useList<SeenTopic, NonNullable<TopicPage['about']>>(
    `topics ${filter}`,
    (query, signal) => api.topics({ ...query, ...given({ filter }) }, { signal }),
    everyMs,
  )
  const tree = useMemo(() => treeOf(list.rows), [list.rows])
  /** What was opened or closed by hand, and what is done with the others. */
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map())
  const [opensAll, setOpensAll] = useState<boolean | null>(null)
  const opensUsually = opensAll ?? list.rows.length <= openRowsMax
  const isOpen = (path: string): boolean => chosen.get(path) ?? opensUsually
  const rows = useMemo(() => rowsOf(tree, isOpen), [tree, chosen, opensUsually])
  const { about } = list
  return (
    <>
      <PageHead title={t('topics.title')} intro={t('topics.intro')} />
      <div class="form">
        <FilterField value={filter} onChange={(next) => setQuery({ filter: next })} placeholder="orders/#" />
        <button
          type="button"
          onClick={() => {
            setOpensAll(!opensUsually)
            setChosen(new Map())
          }}
        >
          {t(opensUsually ? 'topics.closeAll' : 'topics.openAll')}
        </button>
      </div>
      <FaultNotice fault={list.fault} />
      <Table
        label={t('topics.title')}
        columns={columns(isOpen, (path) => setChosen(new Map(chosen).set(path, !isOpen(path))))}
        rows={rows}
        keyOf={(row) => row.path}
        empty={list.isLoaded ? t('topics.none') : t('table.loading')}
        markOf={(row) => (row.own !== null && listenersOf(row.own) === 0 ? 'danger' : undefined)}
      />
      <ListFoot list={list} />
      {about !== null && (
        <p class="muted">
          {t('topics.seen', { n: about.seen })}
          {about.forgotten > 0 && ` · ${t('topics.forgotten', { n: about.forgotten, max: about.seenMax })}`}
          {list.hasMore && ` · ${t('topics.partly')}`}
        </p>
      )}
    </>
  )
}

function columns(isOpen: (path: string) => boolean, toggle: (path: string) => void): readonly Column<TopicNode>[] {
  const ownCount = (row: TopicNode, name: keyof SeenTopic['totals']): string =>
    row.own === null ? '' : count(row.own.totals[name])
  return [
    {
      title: t('topics.topic'),
      width: 10.5,
      cell: (row) => <Level row={row} isOpen={isOpen(row.path)} toggle={toggle} />,
    },
    { title: t('topics.rate'), width: 6.9, isNumber: true, cell: (row) => rate(row.messagesPerSecond) },
    { title: t('topics.messages'), width: 6, isNumber: true, cell: (row) => count(row.messages) },
    { title: t('topics.last'), width: 6.5, cell: (row) => <Ago atMs={row.lastAtMs} /> },
    { title: t('topics.listeners'), width: 12.6, cell: (row) => <Listeners row={row} /> },
    { title: t('topics.online'), width: 4.5, isNumber: true, cell: (row) => ownCount(row, 'online') },
    { title: t('topics.offline'), width: 5, isNumber: true, cell: (row) => ownCount(row, 'offline') },
    { title: t('topics.shared'), width: 5, isNumber: true, cell: (row) => ownCount(row, 'sharedGroups') },
    { title: t('topics.observers'), width: 6.5, isNumber: true, cell: (row) => ownCount(row, 'observers') },
    { title: t('topics.who'), width: 4.5, cell: (row) => <Who row={row} /> },
  ]
}

function Level({ row, isOpen, toggle }: { row: TopicNode; isOpen: boolean; toggle: (path: string) => void }) {
  const level = row.level === '' ? '""' : row.level
  const indent = { paddingInlineStart: `${row.depth * 1.1}rem` }
  if (row.children === null) {
    return (
      <span class="mono" style={indent} title={row.path}>
        <span class="twist" />
        {level}
      </span>
    )
  }
  return (
    <span style={indent}>
      <button
        type="button"
        class="plain mono"
        title={row.path}
        aria-expanded={isOpen}
        aria-label={t(isOpen ? 'topics.close' : 'topics.open', { name: row.path })}
        onClick={() => toggle(row.path)}
      >
        <span class="twist" aria-hidden="true">
          {isOpen ? '▾' : '▸'}
        </span>
        {level}
      </button>
    </span>
  )
}

function Listeners({ row }: { row: TopicNode }) {
  if (row.own !== null) {
    const n = listenersOf(row.own)
    return n === 0 ? <Badge tone="danger">{t('topics.nobody')}</Badge> : <b>{count(n)}</b>
  }
  return row.unheard === 0 ? null : <span class="bad">{t('topics.nobodyBelow', { n: row.unheard })}</span>
}

function Who({ row: { own } }: { row: TopicNode }) {
  if (own === null) return null
  return (
    <a href={link(['who'], { topic: own.topic })} aria-label={t('topics.whoListens', { topic: own.topic })}>
      {t('topics.who')}
    </a>
  )
}
