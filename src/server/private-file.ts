/**
 * Writes a small file of the data directory whole, so that only its owner can read it and there is always the one before or the new one:
 * what is half written, because the disk is full or the power fails, is never under its name.
 */
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Takes the place of the file at `path`. Durable when it resolves; if it rejects the file is as it was. */
export async function replacePrivateFile(path: string, parts: Iterable<string>): Promise<void> {
  const partial = `${path}.partial`
  // What somebody has laid there is neither followed nor written into.
  await rm(partial, { force: true })
  try {
    const file = await open(partial, 'wx', 0o600)
    try {
      for (const part of parts) await file.writeFile(part)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
