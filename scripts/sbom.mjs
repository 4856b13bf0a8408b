/**
 * `npm run sbom`: what is installed with Pabal, as CycloneDX 1.5 JSON, from package-lock.json alone: the same file gives the same text.
 *
 * Not `npm sbom --omit dev`: npm 11 leaves out packages that something needed for development also depends on, such as ws.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('..', import.meta.url)

/** Paths in package-lock.json of what comes with an installation for use: everything that `dependencies` lead to. */
export function runtimeClosure(lock) {
  const found = new Set()
  const visit = (path) => {
    for (const place of neededBy(lock, path)) {
      if (found.has(place)) continue
      found.add(place)
      visit(place)
    }
  }
  visit('')
  return [...found].sort()
}

/** As Node looks for it: in the package's own node_modules, then in those around it. Null: optional, and left out. */
function placeOf(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`
    if (Object.hasOwn(packages, place)) return place
    if (at === '') return null
  }
}

export function billOfMaterials(lock) {
  const closure = runtimeClosure(lock)
  const { name, version, license } = lock.packages['']
  const component = (path) => {
    const { version: of, license: under, integrity = '' } = lock.packages[path]
    const called = nameOf(path)
    const [algorithm, hash = ''] = integrity.split('-')
    const hashes =
      algorithm === 'sha512' ? [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }] : []
    const licenses = under === undefined ? [] : [{ expression: under }]
    return { ...identity(called, of), type: 'library', name: called, version: of, scope: 'required', hashes, licenses }
  }
  const dependencies = ['', ...closure].map((path) => {
    const own = neededBy(lock, path)
    const called = path === '' ? name : nameOf(path)
    return {
      ref: reference(called, lock.packages[path].version),
      dependsOn: own.map((place) => reference(nameOf(place), lock.packages[place].version)),
    }
  })
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        ...identity(name, version),
        type: 'application',
        name,
        version,
        licenses: [{ expression: license }],
      },
    },
    components: closure.map(component),
    dependencies,
  }
}

/** What a package itself depends on. */
function neededBy({ packages }, path) {
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = packages[path]
  const peers =
    path === '' ? [] : Object.keys(peerDependencies).filter((peer) => peerDependenciesMeta[peer]?.optional !== true)
  return [...new Set([...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers])]
    .map((each) => placeOf(packages, path, each))
    .filter((place) => place !== null)
    .sort()
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

function reference(name, version) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

function identity(name, version) {
  return { 'bom-ref': reference(name, version), purl: reference(name, version) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8'))
  process.stdout.write(`${JSON.stringify(billOfMaterials(lock), null, 2)}\n`)
}
