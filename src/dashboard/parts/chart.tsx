/**
 * Lines over time. The chart is a picture: who cannot see it hears its label with the newest values.
 */
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { compact } from '../format.ts'
import { isDark } from '../theme.ts'
import { timeRange } from './time-range.ts'

export interface Line {
  readonly title: string
  /** Name of a colour of the style sheet, such as `--line-1`. */
  readonly colour: string
}

export interface ChartProps {
  readonly title: string
  readonly lines: readonly Line[]
  /** Seconds since 1970, then the values of each line; null where there was none. */
  readonly points: readonly [readonly number[], ...(readonly (number | null)[])[]]
  readonly format: (value: number) => string
}

const height = 150

export function Chart({ title, lines, points, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const dark = isDark.value

  useEffect(() => {
    const element = place.current
    if (element === null) return undefined
    const made = new uPlot(optionsFor(element, lines), toData(points), element)
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: Math.max(element.clientWidth, 120), height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = null
    }
    // Colours are read when the chart is made.
  }, [dark, lines.length])
  useEffect(() => plot.current?.setData(toData(points)), [points])

  const newest = lines.map((line, index) => ({ ...line, value: points[index + 1]?.at(-1) ?? null }))
  const words = newest.map((line) => `${line.title}: ${line.value === null ? '–' : format(line.value)}`)
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        {newest.map((line) => (
          <span key={line.colour} class="legend">
            <i class={`swatch ${line.colour.slice(2)}`} aria-hidden="true" />
            {line.title} <b>{line.value === null ? '–' : format(line.value)}</b>
          </span>
        ))}
      </figcaption>
      <div class="plot" ref={place} role="img" aria-label={`${title}. ${words.join(', ')}`} />
    </figure>
  )
}

/** uPlot reads them and writes nothing. */
function toData(points: ChartProps['points']): uPlot.AlignedData {
  return points as uPlot.AlignedData
}

function optionsFor(element: HTMLElement, lines: readonly Line[]): uPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const axis = {
    stroke: colour('--muted'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colour('--border'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: Math.max(element.clientWidth, 120),
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: {
      x: { range: (_plot, low, high) => timeRange(low, high) },
      y: { range: (_plot, _low, high) => [0, Math.max(high * 1.15, 1)] },
    },
    axes: [
      { ...axis, space: 70, values: '{HH}:{mm}:{ss}', size: 24 },
      { ...axis, space: 34, size: 46, values: (_plot, values) => values.map(compact) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        stroke: colour(line.colour),
        fill: `${colour(line.colour)}1f`,
        width: 2,
        points: { show: false },
      })),
    ],
  }
}
