/**
 * What becomes of messages, for each rule and in all.
 */
import type { TopicRule } from '../core/routing/topic-rule.ts'
import type { CoreState } from '../core/state.ts'
import { each, type Labels, type MetricDefinition, type Sample, snakeCase } from './metric.ts'

export function ruleMetrics({ rules, tally }: CoreState): MetricDefinition[] {
  const all = [...rules.all, ...rules.retired, rules.own]
  return [
    {
      name: 'pabal_messages_admitted_total',
      help: 'Messages that came to a rule, from clients, from the broker itself, or held when it was started',
      type: 'counter',
      collect: () =>
        added(all, ({ options: { filter: rule }, received, made, restored }) => [
          { value: received, labels: { rule, origin: 'received' } },
          { value: made, labels: { rule, origin: 'made' } },
          { value: restored, labels: { rule, origin: 'restored' } },
        ]),
    },
    {
      name: 'pabal_messages_total',
      help: 'Messages that have ended, by their rule and fate',
      type: 'counter',
      collect: () => added(all, fatesOf),
    },
    {
      name: 'pabal_messages_unroutable_total',
      help: 'Messages that nobody listened for when they came, by what their rule says then',
      type: 'counter',
      collect: () => each('policy', tally.unroutable),
    },
  ]
}

/** What is held has not ended: it is a gauge of its own. */
function fatesOf({ options: { filter: rule }, messages }: TopicRule): Sample[] {
  return Object.entries(messages)
    .filter(([fate]) => fate !== 'held')
    .map(([fate, value]) => ({ value, labels: { rule, fate: snakeCase(fate) } }))
}

/** Samples of several rules with the same labels are one. */
function added(rules: readonly TopicRule[], samplesOf: (rule: TopicRule) => readonly Sample[]): Sample[] {
  const sums = new Map<string, { value: number; labels: Labels }>()
  for (const rule of rules) {
    for (const { value, labels } of samplesOf(rule)) {
      const key = JSON.stringify(labels)
      const sum = sums.get(key)
      if (sum === undefined) sums.set(key, { value, labels })
      else sum.value += value
    }
  }
  return [...sums.values()]
}
