/**
 * Files from which a configuration takes its secrets, and which of them other users of the machine may read or write: such a file is
 * named to the operator, as mosquitto does, and read all the same: containers often mount them so.
 */
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { modeOf } from '../../store/sqlite/private-files.ts'
import { parseListenUrl, type TlsFiles } from '../../transport/listen-url.ts'
import type { ReadConfig } from './config.ts'
import type { KeyPath } from './key-path.ts'
import { isReference, secretPath } from './secret.ts'

/** Keys whose text is a secret, or says where one is. */
const secretKeys: ReadonlySet<unknown> = new Set(['password', 'passwordHash', 'scram', 'token'])
/** Everybody else, and writing by the group: a group that may read is how packages let the broker read what root has written. */
const forOthers = 0o027

export interface OpenFile {
  readonly path: string
  /** As `0644`. */
  readonly mode: string
}

/** Those that others may read or write. `more`: what else is read, such as the key of the HTTP API. */
export function openSecretFiles(read: ReadConfig, more: readonly (TlsFiles | null)[]): OpenFile[] {
  if (process.getuid === undefined) return []
  const { listeners, authentication } = read.config
  const tls = [...(listeners ?? []).map(tlsOf), ...more].flatMap((files) => (files === null ? [] : keysOf(files)))
  const paths = new Set([...written(read, read.layers.written, []), ...tls])
  if (authentication?.passwordFile != null) paths.add(authentication.passwordFile)
  return [...paths].flatMap((path) => {
    const status = statSync(path, { throwIfNoEntry: false })
    return status === undefined || (status.mode & forOthers) === 0 ? [] : [{ path, mode: modeOf(status) }]
  })
}

/** Files that a value names as the place of a secret, and the file it stands in if it is one itself. */
function* written(read: ReadConfig, value: unknown, path: KeyPath): Generator<string> {
  const key = path.at(-1)
  if (typeof value === 'string') {
    const origin = read.layers.originOf(path)
    const directory = origin.type === 'file' ? dirname(origin.file) : '.'
    // At the top it is a file of users, which has been added with its whole path.
    if (key === 'passwordFile' && path.length > 2) yield resolve(directory, value)
    if (!secretKeys.has(key)) return
    if (value.startsWith('file:')) yield resolve(directory, secretPath(value))
    else if (!isReference(value) && origin.type === 'file') yield resolve(origin.file)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, child] of Object.entries(value)) {
      yield* written(read, child, [...path, Array.isArray(value) ? Number(name) : name])
    }
  }
}

function tlsOf(url: string): TlsFiles | null {
  const address = parseListenUrl(url)
  return address.transport === 'tls' || address.transport === 'wss' ? address.tls : null
}

function keysOf({ keyFile, others, passphraseFile }: TlsFiles): string[] {
  return [keyFile, ...others.map((other) => other.keyFile), ...(passphraseFile === null ? [] : [passphraseFile])]
}
