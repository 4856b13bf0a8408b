/**
 * Dark or light: as the system says, or as was chosen here.
 */
import { computed, effect, signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'

export const themes: readonly Theme[] = ['system', 'light', 'dark']

const storageKey = 'pabal-theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = signal(system.matches)

export const theme = signal<Theme>(firstTheme())

/** What is shown now. */
export const isDark = computed(() => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'))

system.addEventListener('change', (event) => {
  systemIsDark.value = event.matches
})

effect(() => {
  document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light'
})

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen
  localStorage.setItem(storageKey, chosen)
}

function firstTheme(): Theme {
  const chosen = localStorage.getItem(storageKey)
  return themes.find((each) => each === chosen) ?? 'system'
}
