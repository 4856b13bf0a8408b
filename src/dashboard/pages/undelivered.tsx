/**
 * The messages nobody has received: those that wait, with what can be done about them, and what came of the others.
 */
import type { FunctionComponent } from 'preact'
import { PageHead } from '../parts/notice.tsx'
import { route, setQuery } from '../route.ts'
import { t } from '../text/text.ts'
import { Lost } from './undelivered-lost.tsx'
import { Rules } from './undelivered-rules.tsx'
import { DeadLetters, HeldMessages } from './undelivered-waiting.tsx'

const tabs: readonly (readonly [name: 'held' | 'dead' | 'lost' | 'rules', Tab: FunctionComponent])[] = [
  ['held', HeldMessages],
  ['dead', DeadLetters],
  ['lost', Lost],
  ['rules', Rules],
]

export function UndeliveredPage() {
  const { show = 'held' } = route.value.query
  const [, Tab] = tabs.find(([name]) => name === show) ?? ['held', HeldMessages]
  return (
    <>
      <PageHead title={t('undelivered.title')} intro={t('undelivered.intro')} />
      <fieldset class="tabs">
        <legend class="hidden">{t('undelivered.title')}</legend>
        {tabs.map(([name, Each]) => (
          <button key={name} type="button" aria-pressed={Each === Tab} onClick={() => setQuery({ show: name })}>
            {t(`undelivered.tab.${name}`)}
          </button>
        ))}
      </fieldset>
      <Tab />
    </>
  )
}
