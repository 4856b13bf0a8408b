/**
 * The files of the dashboard, as they were built, for the HTTP server of the API: read once, sent from memory.
 *
 * Nothing in them is secret, so nobody need be logged in to get them. That the page may run and ask nothing but what comes from
 * here is said with every answer of the server.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Context, Env, Hono } from 'hono'

/** Beside the compiled code, or where a checkout that runs from its sources builds them. */
const folder = import.meta.url.endsWith('.ts') ? '../../dist/dashboard' : '../dashboard'
const place = fileURLToPath(new URL(folder, import.meta.url))

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const notBuilt = 'The dashboard has not been built: in the checkout, run npm run build, and start again.\n'

interface BuiltFile {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly gzipped: Uint8Array<ArrayBuffer>
  /** Its name changes with what it says, so it may be kept for ever. */
  readonly isNamedByContent: boolean
}

/** Adds a route for each file; `/` is the page, or says that nothing has been built. */
export function serveDashboard<E extends Env>(app: Hono<E>): void {
  const files = readFiles()
  if (files.size === 0) app.get('/', (context) => context.text(notBuilt, 404))
  for (const [path, file] of files) {
    const serve = (context: Context<E>): Response => send(file, context.req.header('accept-encoding') ?? '')
    app.get(path, serve)
    if (path === '/index.html') app.get('/', serve)
  }
}

function readFiles(): ReadonlyMap<string, BuiltFile> {
  const files = new Map<string, BuiltFile>()
  if (!existsSync(place)) return files
  for (const name of readdirSync(place, { recursive: true, encoding: 'utf8' })) {
    const type = contentTypes[extname(name)]
    if (type === undefined) continue
    const bytes = new Uint8Array(readFileSync(join(place, name)))
    const path = `/${name.replaceAll('\\', '/')}`
    files.set(path, {
      type,
      bytes,
      gzipped: new Uint8Array(gzipSync(bytes)),
      isNamedByContent: path.startsWith('/assets/'),
    })
  }
  return files
}

function send({ type, bytes, gzipped, isNamedByContent }: BuiltFile, acceptEncoding: string): Response {
  const isGzipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(acceptEncoding)
  const headers = {
    'content-type': type,
    'cache-control': isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
    ...(isGzipped ? { 'content-encoding': 'gzip' } : {}),
  }
  return new Response(isGzipped ? gzipped : bytes, { headers })
}
