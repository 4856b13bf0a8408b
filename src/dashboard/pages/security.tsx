/**
 * Who may do what: the access rules can be tried, clients are banned, and the keys and the password of the API are kept here.
 */
import { PageHead } from '../parts/notice.tsx'
import { link } from '../route.ts'
import { t } from '../text/text.ts'
import { AccessTester } from './security-access.tsx'
import { Bans } from './security-bans.tsx'
import { ApiKeys } from './security-keys.tsx'
import { Password } from './security-password.tsx'

export function SecurityPage() {
  return (
    <>
      <PageHead title={t('security.title')} intro={t('security.intro')} />
      <AccessTester />
      <p class="muted">
        {t('security.users')} <a href={link(['config'])}>{t('nav.config')}</a>
      </p>
      <Bans />
      <div class="columns begin">
        <ApiKeys />
        <Password />
      </div>
    </>
  )
}
