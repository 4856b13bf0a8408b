/**
 * A curve as SVG, without a library: one panel a figure, side by side, the horizontal axis by powers of ten.
 *
 * It brings its own background, so that it can be read on light and dark pages.
 */
const panel = { width: 360, height: 240, left: 62, right: 16, top: 40, bottom: 44 }
const colours = ['#2f6fb0', '#c2572b', '#3d8a4e', '#7d54a8']

/** 1000 as 1k, 2000000 as 2M; small numbers as they are. */
export function short(n) {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ]) {
    if (Math.abs(n) >= size) return `${+(n / size).toPrecision(3)}${unit}`
  }
  return String(+n.toPrecision(3))
}

/** The next of 1, 2, 5, 10, 20… that is not below `value`. */
export function roundUp(value) {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return power * [1, 2, 5, 10].find((step) => step * power >= value * 0.9999999)
}

const escapeXml = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

/** `points` are {x, y: {figure: number}}; `figures` name the panels, from zero up. */
export function curveSvg({ title, xLabel, figures, points }) {
  const width = figures.length * panel.width
  const xs = points.map(({ x }) => Math.log10(x))
  const [low, high] = [Math.min(...xs), Math.max(...xs)]
  const panels = figures.map((figure, i) => panelSvg(figure, i, points, [low, high === low ? low + 1 : high], xLabel))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${panel.height}" viewBox="0 0 ${width} ${panel.height}" font-family="system-ui, sans-serif" font-size="11">
<title>${escapeXml(title)}</title><rect width="100%" height="100%" fill="#ffffff"/>
${panels.join('\n')}
</svg>
`
}

function panelSvg(figure, index, points, [low, high], xLabel) {
  const from = index * panel.width
  const inner = { width: panel.width - panel.left - panel.right, height: panel.height - panel.top - panel.bottom }
  const most = roundUp(Math.max(...points.map(({ y }) => y[figure])))
  const xOf = (x) => from + panel.left + ((Math.log10(x) - low) / (high - low)) * inner.width
  const yOf = (y) => panel.top + (1 - y / most) * inner.height
  const colour = colours[index % colours.length]
  const bottom = panel.top + inner.height
  const parts = [`<text x="${from + panel.left}" y="20" font-size="13" fill="#222222">${escapeXml(figure)}</text>`]
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const y = yOf(share * most).toFixed(1)
    parts.push(
      `<line x1="${from + panel.left}" x2="${from + panel.left + inner.width}" y1="${y}" y2="${y}" stroke="#dddddd"/>`,
    )
    parts.push(
      `<text x="${from + panel.left - 6}" y="${+y + 4}" text-anchor="end" fill="#555555">${short(share * most)}</text>`,
    )
  }
  let lastX = -Infinity
  for (const { x } of points) {
    if (xOf(x) - lastX < 30) continue
    lastX = xOf(x)
    parts.push(
      `<text x="${lastX.toFixed(1)}" y="${bottom + 16}" text-anchor="middle" fill="#555555">${short(x)}</text>`,
    )
  }
  const middle = from + panel.left + inner.width / 2
  parts.push(`<text x="${middle}" y="${bottom + 34}" text-anchor="middle" fill="#222222">${escapeXml(xLabel)}</text>`)
  const line = points.map(({ x, y }) => `${xOf(x).toFixed(1)},${yOf(y[figure]).toFixed(1)}`)
  parts.push(`<polyline points="${line.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`)
  for (const { x, y } of points) {
    const hint = `${short(x)}: ${short(y[figure])}`
    parts.push(
      `<circle cx="${xOf(x).toFixed(1)}" cy="${yOf(y[figure]).toFixed(1)}" r="3" fill="${colour}"><title>${hint}</title></circle>`,
    )
  }
  return parts.join('\n')
}
