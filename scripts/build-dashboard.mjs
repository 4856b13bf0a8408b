/**
 * Builds the dashboard into dist/dashboard with vite. With `--if-stale` only if it is missing or older than its sources, and
 * only where vite is installed: a package that was installed from npm has it built already.
 *
 * It is built beside its place and then renamed: who starts at the same time never serves half of it.
 */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = join(root, 'src/dashboard')
const target = join(root, 'dist/dashboard')
const others = [join(root, 'src/admin/api-types.ts'), fileURLToPath(import.meta.url)]

if (!process.argv.includes('--if-stale') || (isStale() && existsSync(join(root, 'node_modules/vite/package.json')))) {
  await buildDashboard()
}

async function buildDashboard() {
  const { build } = await import('vite')
  const outDir = `${target}.${process.pid}`
  try {
    await build({
      root: sources,
      configFile: false,
      base: './',
      logLevel: 'warn',
      build: {
        outDir,
        emptyOutDir: true,
        target: 'es2022',
        // What is inlined would be a data: address, which the Content-Security-Policy of the page forbids.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
      },
    })
    rmSync(target, { recursive: true, force: true })
    renameSync(outDir, target)
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
}

function isStale() {
  const page = join(target, 'index.html')
  if (!existsSync(page)) return true
  const builtMs = statSync(page).mtimeMs
  const paths = readdirSync(sources, { recursive: true }).map((name) => join(sources, name))
  return [...paths, ...others].some((path) => existsSync(path) && statSync(path).mtimeMs > builtMs)
}
