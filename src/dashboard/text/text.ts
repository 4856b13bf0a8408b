/**
 * The language of the page: what is shown comes from one table that has every text in English and in Korean.
 */
import { effect, signal } from '@preact/signals'
import { type TextKey, table } from './table.ts'

export type { TextKey } from './table.ts'

export type Language = 'en' | 'ko'

export const languages: readonly (readonly [Language, string])[] = [
  ['en', 'English'],
  ['ko', '한국어'],
]

const storageKey = 'pabal-language'

export const language = signal<Language>(firstLanguage())

effect(() => {
  document.documentElement.lang = language.value
})

export function chooseLanguage(chosen: Language): void {
  language.value = chosen
  localStorage.setItem(storageKey, chosen)
}

/** The text in the language of the page; `{name}` stands for `values.name`. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  const [english, korean] = table[key]
  const text = language.value === 'ko' ? korean : english
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) return whole
    return typeof value === 'number' ? decimal(value) : value
  })
}

/** By language and digits: to make one takes longer than to write a hundred numbers with it. */
const decimals = new Map<string, Intl.NumberFormat>()

/** The number in the language of the page, with so many digits behind the point at most. */
export function decimal(value: number, maximumFractionDigits = 3): string {
  const key = `${language.value} ${maximumFractionDigits}`
  let format = decimals.get(key)
  if (format === undefined) {
    format = new Intl.NumberFormat(language.value, { maximumFractionDigits })
    decimals.set(key, format)
  }
  return format.format(value)
}

/** Whatever the language of the page is. */
export function inEnglish(key: TextKey): string {
  return table[key][0]
}

function firstLanguage(): Language {
  const chosen = localStorage.getItem(storageKey)
  if (chosen === 'en' || chosen === 'ko') return chosen
  return navigator.languages.some((each) => each.toLowerCase().startsWith('ko')) ? 'ko' : 'en'
}
