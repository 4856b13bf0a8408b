/**
 * Two buttons that make a file of a whole list, with how far that has come and a way to give it up.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ApiFault } from '../api.ts'
import { type ExportFormat, exportRows } from '../export.ts'
import type { List } from '../lists.tsx'
import { noteFault, serverNowMs } from '../live.ts'
import { t } from '../text/text.ts'

/** The browser has begun to keep the file by then. */
const keptMs = 60_000

export function Download<Row extends object, About>({
  list: { name, load },
  onFault,
}: {
  list: List<Row, About>
  onFault: (fault: ApiFault | null) => void
}) {
  const [rows, setRows] = useState<number | null>(null)
  const underWay = useRef<AbortController | null>(null)
  useEffect(() => () => underWay.current?.abort(), [])

  const start = async (format: ExportFormat): Promise<void> => {
    const abort = new AbortController()
    underWay.current = abort
    onFault(null)
    setRows(0)
    try {
      const file = await exportRows(format, load, { signal: abort.signal, progress: setRows })
      keep(file, `pabal-${name}-${new Date(serverNowMs()).toISOString().slice(0, 19).replaceAll(':', '-')}Z.${format}`)
    } catch (error) {
      if (!abort.signal.aborted) onFault(noteFault(error))
    }
    setRows(null)
  }
  if (rows !== null) {
    return (
      <>
        <span role="status">{t('download.underWay', { n: rows })}</span>
        <button type="button" class="small" onClick={() => underWay.current?.abort()}>
          {t('dialog.cancel')}
        </button>
      </>
    )
  }
  return (
    <>
      {(['csv', 'json'] as const).map((format) => (
        <button key={format} type="button" class="small" title={t('download.words')} onClick={() => void start(format)}>
          {t(`download.${format}`)}
        </button>
      ))}
    </>
  )
}

function keep(file: Blob, name: string): void {
  const url = URL.createObjectURL(file)
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), keptMs)
}
