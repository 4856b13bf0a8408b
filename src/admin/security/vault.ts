/**
 * Who may use the HTTP API: one administrator with a password and any number of API keys, kept hashed in a file of the data
 * directory that its owner alone can read. Without a directory it lasts as long as the process.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { hashPassword, parsePasswordHash, verifyPassword } from '../../server/authentication/password-hash.ts'
import { replacePrivateFile } from '../../server/private-file.ts'
import type { ApiKey } from '../api-types.ts'
import { type Scope, scopes } from './principal.ts'

export const adminName = 'admin'
const fileName = 'admin.json'
const keysMax = 1000
const keyForm = /^pabal\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/

const storedKeySchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  /** SHA-256 of the secret: it is random, so that nobody tries passwords on it. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  createdAtMs: z.number(),
  expiresAtMs: z.number().nullable(),
})
const vaultSchema = z.strictObject({
  version: z.literal(1),
  passwordHash: z.string(),
  keys: z.array(storedKeySchema).max(keysMax),
})

type StoredKey = z.output<typeof storedKeySchema>

export class Vault {
  readonly #path: string | null
  #passwordHash: string
  readonly #keys: Map<string, StoredKey>
  readonly #lastUsedMs = new Map<string, number>()
  /** Writes follow each other. */
  #writing: Promise<void> = Promise.resolve()
  /** The password that was made for a new vault; null for one that was there. */
  readonly firstPassword: string | null

  private constructor(path: string | null, passwordHash: string, keys: readonly StoredKey[], first: string | null) {
    this.#path = path
    this.#passwordHash = passwordHash
    this.#keys = new Map(keys.map((key) => [key.id, key]))
    this.firstPassword = first
  }

  /** Reads the file of a data directory; null if there is none. @throws an Error that says what to do. */
  static async read(directory: string | null): Promise<Vault | null> {
    const path = pathIn(directory)
    const stored = path === null ? null : await readVault(path)
    return stored === null ? null : new Vault(path, stored.passwordHash, stored.keys, null)
  }

  /** Makes it, with a password, and the file in the data directory. This takes a tenth of a second. */
  static async make(directory: string | null): Promise<Vault> {
    const password = randomBytes(15).toString('base64url')
    const vault = new Vault(pathIn(directory), await hashPassword(password), [], password)
    await vault.#write()
    return vault
  }

  /** In a time that does not depend on the answer. @throws TooBusyError */
  async isPassword(userName: string, password: string): Promise<boolean> {
    const isRight = await verifyPassword(Buffer.from(password), this.#passwordHash)
    return isRight && userName === adminName
  }

  async changePassword(password: string): Promise<void> {
    this.#passwordHash = await hashPassword(password)
    await this.#write()
  }

  /** The key that this text is; null if there is none, or no more. */
  findKey(text: string, nowMs: number): ApiKey | null {
    const [, id = '', secret = ''] = keyForm.exec(text) ?? []
    const key = this.#keys.get(id)
    const isRight = timingSafeEqual(hashOf(secret), Buffer.from(key?.hash ?? '0'.repeat(64), 'hex'))
    if (key === undefined || !isRight || (key.expiresAtMs ?? nowMs + 1) <= nowMs) return null
    this.#lastUsedMs.set(id, nowMs)
    return this.#shown(key)
  }

  get keys(): readonly ApiKey[] {
    return [...this.#keys.values()].map((key) => this.#shown(key))
  }

  get mayAddKey(): boolean {
    return this.#keys.size < keysMax
  }

  /** Returns the text that nobody will see again. */
  async addKey(name: string, wanted: readonly Scope[], expiresAtMs: number | null, nowMs: number) {
    const secret = randomBytes(32).toString('base64url')
    const id = randomBytes(8).toString('hex')
    const hash = hashOf(secret).toString('hex')
    const key: StoredKey = { id, name, scopes: [...new Set(wanted)], hash, createdAtMs: nowMs, expiresAtMs }
    this.#keys.set(id, key)
    await this.#write()
    return { ...this.#shown(key), key: `pabal.${id}.${secret}` }
  }

  /** False if there is none. */
  async removeKey(id: string): Promise<boolean> {
    if (!this.#keys.delete(id)) return false
    this.#lastUsedMs.delete(id)
    await this.#write()
    return true
  }

  #shown({ hash: _, ...key }: StoredKey): ApiKey {
    return { ...key, lastUsedAtMs: this.#lastUsedMs.get(key.id) ?? null }
  }

  #write(): Promise<void> {
    const written = this.#writing.then(() => this.#writeNow())
    this.#writing = written.catch(() => {})
    return written
  }

  async #writeNow(): Promise<void> {
    const path = this.#path
    if (path === null) return
    const content = { version: 1, passwordHash: this.#passwordHash, keys: [...this.#keys.values()] }
    await replacePrivateFile(path, [`${JSON.stringify(content, null, 2)}\n`])
  }
}

function pathIn(directory: string | null): string | null {
  return directory === null ? null : join(directory, fileName)
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Null if there is no such file. @throws an Error that says what is wrong and what to do. */
async function readVault(path: string): Promise<z.output<typeof vaultSchema> | null> {
  try {
    const vault = vaultSchema.parse(JSON.parse(await readFile(path, 'utf8')))
    parsePasswordHash(vault.passwordHash)
    return vault
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return null
    const why = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : ''
    throw new Error(
      `${path} cannot be used: ${why}\nIt holds the password and the API keys of the HTTP API. Put it right, or remove it: then there is a new password and no key.`,
      { cause: error },
    )
  }
}
