/**
 * What an operator does with messages that wait, after being asked once more.
 */
import type { Done, Which } from '../../admin/api-types.ts'
import { api } from '../api.ts'
import { Confirm } from '../parts/dialog.tsx'
import { t } from '../text/text.ts'

export type Kind = 'held' | 'dead'
export type Deed = 'again' | 'drop'

const deeds: Record<Kind, Record<Deed, (which: Which) => Promise<Done>>> = {
  held: { again: (which) => api.releaseHeld(which), drop: (which) => api.dropHeld(which) },
  dead: { again: (which) => api.requeueDead(which), drop: (which) => api.dropDead(which) },
}

export interface DeedDialogProps {
  readonly kind: Kind
  readonly deed: Deed
  readonly which: Which
  /** What it is done with, in words. */
  readonly scope: string
  readonly onDone: (done: Done) => void
  readonly onClose: () => void
}

export function DeedDialog({ kind, deed, which, scope, onDone, onClose }: DeedDialogProps) {
  const name = deedName(kind, deed)
  return (
    <Confirm
      title={t(`undelivered.${name}.question`)}
      action={t(`undelivered.${name}`)}
      isDangerous={deed === 'drop'}
      run={async () => onDone(await deeds[kind][deed](which))}
      onClose={onClose}
    >
      <p>
        <b>{t('undelivered.scope', { scope })}</b>
      </p>
      <p>{t(`undelivered.${name}.words`)}</p>
    </Confirm>
  )
}

export function deedName(kind: Kind, deed: Deed): 'drop' | 'release' | 'requeue' {
  if (deed === 'drop') return 'drop'
  return kind === 'held' ? 'release' : 'requeue'
}
