/**
 * The frame around every page: menu, state of the link, language and theme, shortcuts.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { logOut, me } from './api.ts'
import { clock, compact } from './format.ts'
import { undeliveredNow, watchOverview } from './history.ts'
import { answeredAtMs, linkState, noteFault } from './live.ts'
import { pages } from './pages/pages.ts'
import { Badge, Notice, PageHead } from './parts/notice.tsx'
import { Preferences } from './preferences.tsx'
import { link, route } from './route.ts'
import { listenForShortcuts, Shortcuts, shortcutsAreShown } from './shortcuts.tsx'
import { t } from './text/text.ts'

export function Shell({ isReady }: { isReady: boolean }) {
  const [isMenuOpen, setMenuOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  const [name = 'overview'] = route.value.path
  const page = pages.find((each) => each.name === name)
  const pathText = route.value.path.join('/')

  useEffect(listenForShortcuts, [])
  useEffect(() => (isReady ? watchOverview() : undefined), [isReady])
  const title = page === undefined ? 'Pabal' : `${t(page.title)} · Pabal`
  useEffect(() => {
    document.title = title
  }, [title])
  const isFirst = useRef(true)
  // Together with the new page: a little later it would be taken from a field that has the focus by then.
  useLayoutEffect(() => {
    setMenuOpen(false)
    // Who moves with the keyboard goes on where the new page begins.
    if (!isFirst.current) main.current?.focus()
    isFirst.current = false
    scrollTo(0, 0)
  }, [pathText])

  return (
    <div class="shell">
      <a
        class="skip"
        href={location.hash}
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        {t('shell.skip')}
      </a>
      <header class="top">
        <Brand />
        <LinkState />
        <button type="button" aria-expanded={isMenuOpen} aria-controls="menu" onClick={() => setMenuOpen(!isMenuOpen)}>
          {t('shell.menu')}
        </button>
      </header>
      <Side current={name} isOpen={isMenuOpen} />
      <main id="main" tabIndex={-1} ref={main}>
        {linkState.value === 'lost' && (
          <Notice tone="danger">
            <strong>{t('link.lost')}</strong>
            {t('link.lost.long', { time: clock(answeredAtMs.value) })}
          </Notice>
        )}
        {isReady && (page === undefined ? <NotFound /> : <page.Page key={name} />)}
      </main>
      {shortcutsAreShown.value && <Shortcuts />}
    </div>
  )
}

function Side({ current, isOpen }: { current: string; isOpen: boolean }) {
  return (
    <div class={isOpen ? 'side open' : 'side'} id="menu">
      <Brand />
      <LinkState />
      <nav aria-label={t('nav.label')}>
        {pages.map(({ name, title }) => (
          <a key={name} href={link([name])} aria-current={name === current ? 'page' : undefined}>
            {t(title)}
            {name === 'undelivered' && undeliveredNow.value > 0 && (
              <Badge tone="danger">{compact(undeliveredNow.value)}</Badge>
            )}
          </a>
        ))}
      </nav>
      <div class="side-foot">
        <Preferences />
        <button type="button" class="small" onClick={() => (shortcutsAreShown.value = true)}>
          {t('shell.shortcuts')}
        </button>
        {me.value?.kind === 'session' && (
          <button type="button" class="small" onClick={() => logOut().catch(noteFault)}>
            {t('shell.logout')} ({me.value.name})
          </button>
        )}
      </div>
    </div>
  )
}

function Brand() {
  return (
    <a class="brand" href={link(['overview'])}>
      <img src="./icon.svg" alt="" />
      Pabal
    </a>
  )
}

function LinkState() {
  return (
    <span class={`link-state ${linkState.value}`} role="status">
      {t(`link.${linkState.value}`)}
    </span>
  )
}

function NotFound() {
  return <PageHead title={t('shell.notFound')} intro={t('shell.notFound.advice')} />
}
