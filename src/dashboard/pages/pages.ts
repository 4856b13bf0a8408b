/**
 * The pages of the menu, in its order. What is not here is not there.
 */
import type { FunctionComponent } from 'preact'
import type { TextKey } from '../text/text.ts'
import { ApiPage } from './api.tsx'
import { ClientsPage } from './clients.tsx'
import { ConfigPage } from './config.tsx'
import { GroupsPage } from './groups.tsx'
import { OverviewPage } from './overview.tsx'
import { RetainedPage } from './retained.tsx'
import { SecurityPage } from './security.tsx'
import { TopicsPage } from './topics.tsx'
import { TracePage } from './trace.tsx'
import { TryPage } from './try.tsx'
import { UndeliveredPage } from './undelivered.tsx'
import { WhoPage } from './who.tsx'

export interface PageEntry {
  /** First step of its address. */
  readonly name: string
  readonly title: TextKey
  /** Pressed after `g`. */
  readonly key: string
  readonly Page: FunctionComponent
}

export const pages: readonly PageEntry[] = [
  { name: 'overview', title: 'nav.overview', key: 'o', Page: OverviewPage },
  { name: 'who', title: 'nav.who', key: 'w', Page: WhoPage },
  { name: 'topics', title: 'nav.topics', key: 't', Page: TopicsPage },
  { name: 'undelivered', title: 'nav.undelivered', key: 'u', Page: UndeliveredPage },
  { name: 'clients', title: 'nav.clients', key: 'c', Page: ClientsPage },
  { name: 'trace', title: 'nav.trace', key: 'r', Page: TracePage },
  { name: 'try', title: 'nav.try', key: 'p', Page: TryPage },
  { name: 'retained', title: 'nav.retained', key: 'm', Page: RetainedPage },
  { name: 'groups', title: 'nav.groups', key: 's', Page: GroupsPage },
  { name: 'security', title: 'nav.security', key: 'y', Page: SecurityPage },
  { name: 'config', title: 'nav.config', key: 'f', Page: ConfigPage },
  { name: 'api', title: 'nav.api', key: 'a', Page: ApiPage },
]
