/**
 * A strict reader of the Prometheus text format, version 0.0.4, that shares nothing with what writes it.
 */
export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
  }[]
}

const nameForm = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const sampleForm = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const labelForm = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/
const suffixes: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] }

/** @throws an Error at the first line that is against the format. */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, Family>()
  const series = new Set<string>()
  let family: Family | null = null
  let help: [name: string, text: string] | null = null
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    if (line.startsWith('# HELP ')) {
      const [, , name = '', ...words] = line.split(' ')
      help = [name, words.join(' ')]
    } else if (line.startsWith('# TYPE ')) {
      const [, , name = '', type = ''] = line.split(' ')
      if (!nameForm.test(name) || families.has(name)) throw new Error(`bad or second TYPE: ${line}`)
      if (!['counter', 'gauge', 'histogram'].includes(type)) throw new Error(`unknown type: ${line}`)
      if (help?.[0] !== name || help[1] === '') throw new Error(`no HELP before ${line}`)
      family = { name, type, help: help[1], samples: [] }
      families.set(name, family)
    } else {
      const [, name = '', labelText = '', valueText = ''] = sampleForm.exec(line) ?? fail(`no sample: ${line}`)
      const of = family ?? fail(`a sample before its TYPE: ${line}`)
      const names = suffixes[of.type]?.map((suffix) => of.name + suffix) ?? [of.name]
      if (!names.includes(name)) throw new Error(`${name} among the samples of ${of.name}`)
      const labels = parseLabels(labelText)
      const key = `${name} ${JSON.stringify(Object.entries(labels).sort())}`
      if (series.has(key)) throw new Error(`the series ${key} twice`)
      series.add(key)
      of.samples.push({ name, labels, value: parseValue(valueText) })
    }
  }
  for (const each of families.values()) if (each.type === 'histogram') checkHistogram(each)
  return families
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  let rest = text
  while (rest !== '') {
    const [whole, name = '', value = ''] = labelForm.exec(rest) ?? fail(`bad labels: ${text}`)
    if (Object.hasOwn(labels, name)) throw new Error(`the label ${name} twice`)
    labels[name] = value.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    rest = rest.slice(whole.length)
  }
  return labels
}

function parseValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text)) throw new Error(`no value: ${text}`)
  return Number(text)
}

/** Buckets only grow, the last is +Inf and has as many as the count. */
function checkHistogram({ name, samples }: Family): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`)
  let boundBefore = Number.NEGATIVE_INFINITY
  let countBefore = 0
  for (const { labels, value } of buckets) {
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
    if (!(bound > boundBefore) || value < countBefore)
      throw new Error(`${name}: the buckets do not grow at ${labels.le}`)
    boundBefore = bound
    countBefore = value
  }
  if (boundBefore !== Number.POSITIVE_INFINITY) throw new Error(`${name}: no bucket +Inf`)
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value
  if (count !== countBefore) throw new Error(`${name}: ${count} in all and ${countBefore} in the last bucket`)
  if (!samples.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: no sum`)
}

function fail(message: string): never {
  throw new Error(message)
}
