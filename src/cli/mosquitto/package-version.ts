/**
 * The version in package.json, which lies two directories above `cli`, in the sources and in what is published.
 */
import { readFileSync } from 'node:fs'

export function packageVersion(): string {
  // Our own manifest, which npm requires to have a version.
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  )
  return manifest.version
}
