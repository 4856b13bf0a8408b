/**
 * What the keyboard does beyond Tab and Enter. It can be turned off: single keys are in the way of who speaks to a computer.
 */
import { signal } from '@preact/signals'
import { pages } from './pages/pages.ts'
import { Dialog } from './parts/dialog.tsx'
import { go } from './route.ts'
import { t } from './text/text.ts'
import { chooseTheme, isDark } from './theme.ts'

const storageKey = 'pabal-shortcuts'
/** So long after `g` the key of a page may come. */
const chordMs = 1500

export const shortcutsAreShown = signal(false)
const areOn = signal(localStorage.getItem(storageKey) !== 'off')

export function listenForShortcuts(): () => void {
  let goUntilMs = 0
  const onKey = (event: KeyboardEvent): void => {
    const { key, ctrlKey, metaKey, altKey, target } = event
    const isTyping = target instanceof Element && target.closest('input, textarea, select, dialog') !== null
    if (!areOn.value || isTyping || ctrlKey || metaKey || altKey) return
    if (Date.now() < goUntilMs) {
      goUntilMs = 0
      const page = pages.find((each) => each.key === key)
      if (page !== undefined) go([page.name])
      return
    }
    if (key === 'g') goUntilMs = Date.now() + chordMs
    else if (key === '?') shortcutsAreShown.value = true
    else if (key === 't') chooseTheme(isDark.value ? 'light' : 'dark')
    else if (key === '/' && focusSearch()) event.preventDefault()
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}

export function Shortcuts() {
  return (
    <Dialog title={t('shell.shortcuts')} onClose={() => (shortcutsAreShown.value = false)}>
      <div class="stack">
        <dl class="keys">
          {pages.map(({ name, title, key }) => (
            <Key key={name} keys={['g', key]} words={t(title)} />
          ))}
          <Key keys={['/']} words={t('shell.shortcuts.search')} />
          <Key keys={['t']} words={t('shell.shortcuts.theme')} />
          <Key keys={['?']} words={t('shell.shortcuts.help')} />
          <Key keys={['Esc']} words={t('shell.shortcuts.close')} />
        </dl>
        <label class="check">
          <input
            type="checkbox"
            checked={areOn.value}
            onChange={({ currentTarget: { checked } }) => {
              areOn.value = checked
              localStorage.setItem(storageKey, checked ? 'on' : 'off')
            }}
          />
          {t('shell.shortcuts.on')}
        </label>
        <form method="dialog" class="actions end">
          <button type="submit">{t('dialog.close')}</button>
        </form>
      </div>
    </Dialog>
  )
}

function Key({ keys, words }: { keys: readonly string[]; words: string }) {
  return (
    <>
      <dt>
        {keys.map((each) => (
          <kbd key={each}>{each}</kbd>
        ))}
      </dt>
      <dd>{words}</dd>
    </>
  )
}

function focusSearch(): boolean {
  const field = document.querySelector('main input[type="search"], main input[data-search]')
  if (!(field instanceof HTMLInputElement)) return false
  field.focus()
  field.select()
  return true
}
