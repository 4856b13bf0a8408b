/**
 * Dialogs: a question before something is done that cannot be undone, and anything else that waits for an answer.
 *
 * The element `dialog` keeps the focus inside, closes on Escape and gives the focus back.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { ApiFault } from '../api.ts'
import { noteFault } from '../live.ts'
import { t } from '../text/text.ts'
import { FaultNotice } from './notice.tsx'

export interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => element.current?.showModal(), [])
  return (
    <dialog ref={element} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  )
}

export interface ConfirmProps extends DialogProps {
  /** What the button says: the deed itself. */
  readonly action: string
  readonly isDangerous?: boolean
  readonly run: () => Promise<unknown>
}

export function Confirm({ title, action, isDangerous = false, run, onClose, children }: ConfirmProps) {
  const [isWorking, setWorking] = useState(false)
  const [fault, setFault] = useState<ApiFault | null>(null)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setWorking(true)
    try {
      await run()
      onClose()
    } catch (error) {
      setFault(noteFault(error))
      setWorking(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        <FaultNotice fault={fault} />
        <div class="actions end">
          <button type="button" onClick={onClose}>
            {t('dialog.cancel')}
          </button>
          <button type="submit" class={isDangerous ? 'danger' : 'primary'} disabled={isWorking}>
            {isWorking ? t('dialog.working') : action}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
