/**
 * What V8's CPU profiler wrote, as a tree of time, as shares in words, and as a flame graph: one HTML file that needs nothing else.
 *
 * Time is in microseconds. Only samples of the given window count, so that starting and connecting do not blur what was measured.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where a frame belongs: what its share is summed under, and its colour. */
const areas = {
  protocol: '#e8a33d',
  core: '#e0693e',
  store: '#b98ad6',
  server: '#5b9bd5',
  transport: '#4db6ac',
  metrics: '#8bc34a',
  other: '#a1887f',
  node: '#b0bec5',
  gc: '#ef5350',
  program: '#9e9e9e',
  idle: '#eceff1',
}

export function areaOf({ functionName, url }) {
  if (functionName === '(garbage collector)') return 'gc'
  if (functionName === '(idle)') return 'idle'
  if (functionName === '(program)') return 'program'
  const folder = /\/(?:src|dist)\/([a-z]+)\//.exec(url)?.[1]
  if (folder !== undefined && !url.includes('/node_modules/')) return folder in areas ? folder : 'other'
  return url.startsWith('node:') || url === '' ? 'node' : 'other'
}

function frameOf({ functionName, url, lineNumber }) {
  const folder = url.includes('/node_modules/') ? /^.*\/(?=node_modules\/)/ : /^.*\/(?=(?:src|dist|bench)\/)/
  const file = url.replace(folder, '').replace(/^file:\/\//, '')
  return { name: functionName || '(anonymous)', place: file === '' ? '' : `${file}:${lineNumber + 1}` }
}

const newNode = (frame, area) => ({ ...frame, area, self: 0, total: 0, children: new Map() })

/**
 * The profile as a tree: same callers, same frame, one node. `window` is [fromUs, toUs] of the monotonic clock, or nothing for all.
 * What recurses stays as deep as it was.
 */
export function flameTree(profile, window) {
  const selfUs = new Map()
  let atUs = profile.startTime
  for (const [i, id] of profile.samples.entries()) {
    const deltaUs = profile.timeDeltas[i] ?? 0
    atUs += deltaUs
    if (window !== undefined && (atUs < window[0] || atUs > window[1])) continue
    // A sample stands for the time since the one before it.
    selfUs.set(id, (selfUs.get(id) ?? 0) + Math.max(0, deltaUs))
  }
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const root = newNode({ name: 'all', place: '' }, 'other')
  const add = (source, parent) => {
    const frame = frameOf(source.callFrame)
    const key = `${frame.name} ${frame.place}`
    let node = parent.children.get(key)
    if (node === undefined) {
      node = newNode(frame, areaOf(source.callFrame))
      parent.children.set(key, node)
    }
    node.self += selfUs.get(source.id) ?? 0
    for (const id of source.children ?? []) add(byId.get(id), node)
  }
  for (const id of profile.nodes[0].children ?? []) add(byId.get(id), root)
  sumUp(root)
  return root
}

function sumUp(node) {
  node.total = node.self
  for (const child of node.children.values()) node.total += sumUp(child)
  return node.total
}

function* nodesOf(node) {
  yield node
  for (const child of node.children.values()) yield* nodesOf(child)
}

/** What V8 left in `directory`. Thread 0 is the main thread; the others are workers, such as the store's. */
export function readProfiles(directory) {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.cpuprofile'))
    .map((file) => ({
      thread: Number(/\.(\d+)\.\d+\.cpuprofile$/.exec(file)?.[1] ?? 0),
      profile: JSON.parse(readFileSync(join(directory, file), 'utf8')),
    }))
    .sort((a, b) => a.thread - b.thread)
}

/** Of the whole time, what the thread was not idle. */
export function busyUs(root) {
  const idle = [...root.children.values()].find((child) => child.area === 'idle')
  return root.total - (idle?.total ?? 0)
}

const percent = (part, whole) => (whole === 0 ? '0.0' : ((100 * part) / whole).toFixed(1)).padStart(6)

/** Shares of the time that was not idle, by area, and the frames with the most time of their own. */
export function sharesText(root, frameCount = 25) {
  const byArea = new Map()
  const byFrame = new Map()
  for (const node of nodesOf(root)) {
    byArea.set(node.area, (byArea.get(node.area) ?? 0) + node.self)
    const key = `${node.name}  ${node.place}`
    byFrame.set(key, (byFrame.get(key) ?? 0) + node.self)
  }
  const idle = byArea.get('idle') ?? 0
  const busy = root.total - idle
  const sorted = (map) => [...map].filter(([, us]) => us > 0).sort((a, b) => b[1] - a[1])
  const lines = [`busy ${(busy / 1e6).toFixed(2)} s, idle ${(idle / 1e6).toFixed(2)} s; percent of what was busy:`]
  for (const [area, us] of sorted(byArea)) if (area !== 'idle') lines.push(`${percent(us, busy)}  ${area}`)
  lines.push('most time of their own:')
  const frames = sorted(byFrame).filter(([key]) => !key.startsWith('(idle)'))
  for (const [key, us] of frames.slice(0, frameCount)) lines.push(`${percent(us, busy)}  ${key}`)
  return lines.join('\n')
}

/** The calls that lead to where most of the time goes, from the outside in. */
export function heaviestPath(root) {
  const names = []
  for (let node = root; ; ) {
    const children = [...node.children.values()].filter((child) => child.area !== 'idle')
    const next = children.sort((a, b) => b.total - a.total)[0]
    if (next === undefined || next.total < node.self || next.total < root.total / 10) return names.join(' > ')
    names.push(next.name)
    node = next
  }
}

const escapeHtml = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

/** The page. Each of `parts` is {title, root}; frames under a thousandth of the busy time are left out. */
export function flamePage(title, parts) {
  const legend = Object.entries(areas).map(([area, colour]) => `<i style="background:${colour}"></i>${area}`)
  const graphs = parts.map(({ title: name, root }) => {
    const { boxes, depth } = boxesOf(root, busyUs(root))
    const size = `viewBox="0 0 1 1" style="height:${(depth + 1) * 18}px"`
    return `<h2>${escapeHtml(name)}</h2><pre>${escapeHtml(sharesText(root, 15))}</pre><svg data-boxes='${escapeHtml(JSON.stringify(boxes)).replaceAll("'", '&#39;')}' ${size}></svg>`
  })
  return `<!doctype html><meta charset="utf-8"><title>${escapeHtml(title)}</title><style>${style}</style>
<h1>${escapeHtml(title)}</h1><p>${legend.join(' ')}</p><p>A click widens a frame, one on the lowest resets; the time the thread was idle is not shown.</p>
${graphs.join('\n')}<script>const colours=${JSON.stringify(areas)};${script}</script>\n`
}

/** [depth, from, width, area, name, place, total ms, self ms] of each frame; from and width as parts of the whole. */
function boxesOf(root, busy) {
  const boxes = []
  let depth = 0
  const place = (node, level, from) => {
    const width = node.total / busy
    if (width < 0.001) return
    depth = Math.max(depth, level)
    const ms = (us) => Math.round(us / 100) / 10
    boxes.push([
      level,
      +from.toFixed(5),
      +width.toFixed(5),
      node.area,
      node.name,
      node.place,
      ms(node.total),
      ms(node.self),
    ])
    let at = from
    for (const child of [...node.children.values()].sort((a, b) => b.total - a.total)) {
      if (child.area === 'idle') continue
      place(child, level + 1, at)
      at += child.total / busy
    }
  }
  place({ ...root, total: busy }, 0, 0)
  return { boxes, depth }
}

const style = `body{font:14px system-ui,sans-serif;margin:16px;max-width:1600px}svg{width:100%;display:block;background:#fafafa}
text{font:11px system-ui,sans-serif;pointer-events:none}rect{stroke:#fff;stroke-width:.5;cursor:pointer}pre{font-size:12px}
i{display:inline-block;width:10px;height:10px;margin:0 4px 0 12px}`

const script = `
for (const svg of document.querySelectorAll('svg')) {
  const boxes = JSON.parse(svg.dataset.boxes), wide = svg.clientWidth, high = svg.clientHeight
  svg.setAttribute('viewBox', '0 0 ' + wide + ' ' + high)
  const draw = (from, width, level) => {
    svg.replaceChildren()
    for (const [depth, at, share, area, name, place, total, self] of boxes) {
      const isBelow = depth < level
      const x = isBelow ? 0 : (at - from) / width * wide, w = isBelow ? wide : share / width * wide
      if (isBelow ? at > from + 1e-9 || at + share < from + width - 1e-4 : at < from - 1e-9 || at + 1e-9 > from + width) continue
      const make = (tag, attributes) => { const e = document.createElementNS(svg.namespaceURI, tag)
        for (const key in attributes) e.setAttribute(key, attributes[key]); svg.append(e); return e }
      const y = high - (depth + 1) * 18
      const box = make('rect', { x, y, width: Math.max(w, 0.5), height: 18, fill: colours[area] })
      const hint = document.createElementNS(svg.namespaceURI, 'title')
      hint.textContent = name + ' ' + place + '\\n' + total + ' ms, ' + self + ' ms of its own, ' + (100 * share).toFixed(1) + ' %'
      box.append(hint)
      box.onclick = () => draw(at, share, depth)
      if (w > 40) make('text', { x: x + 3, y: y + 13 }).textContent = name.slice(0, Math.floor(w / 6))
    }
  }
  draw(0, 1, 0)
}`
