/**
 * Publishes and subscribes, to see what publishers are told and what subscribers get.
 */
import { PageHead } from '../parts/notice.tsx'
import { t } from '../text/text.ts'
import { PublishPanel } from './try-publish.tsx'
import { SubscribePanel } from './try-subscribe.tsx'

export function TryPage() {
  return (
    <>
      <PageHead title={t('try.title')} intro={t('try.intro')} />
      <div class="columns begin">
        <PublishPanel />
        <SubscribePanel />
      </div>
    </>
  )
}
