/**
 * Where the HTTP API is described, and how to begin with it.
 */
import { PageHead } from '../parts/notice.tsx'
import { t } from '../text/text.ts'

export function ApiPage() {
  const base = new URL('api/v1', location.href.replace(/#.*/, ''))
  return (
    <>
      <PageHead title={t('api.title')} intro={t('api.intro')} />
      <section class="panel stack">
        <p>
          <a href="api/docs">{t('api.docs')}</a> · <a href="api/v1/openapi.json">{t('api.document')}</a>
        </p>
        <pre>{`curl -H 'Authorization: Bearer KEY' '${base}/overview'`}</pre>
      </section>
    </>
  )
}
