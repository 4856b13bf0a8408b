/**
 * Which page is shown: the part of the address behind `#`, such as `#/who?topic=orders%2Fnew`.
 *
 * Whatever it holds is text that anybody can put into a link: it is shown and sent as data, and nothing is done because of it.
 */
import { signal } from '@preact/signals'

export interface Route {
  /** Steps of the path; the first names the page. */
  readonly path: readonly string[]
  readonly query: Readonly<Record<string, string>>
}

export const route = signal<Route>(parse(location.hash))

addEventListener('hashchange', () => {
  route.value = parse(location.hash)
})

export function link(path: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const filled = Object.entries(query).filter(([, value]) => value !== '')
  const search = filled.length === 0 ? '' : `?${new URLSearchParams(filled)}`
  return `#/${path.map(encodeURIComponent).join('/')}${search}`
}

export function go(path: readonly string[], query: Readonly<Record<string, string>> = {}): void {
  location.hash = link(path, query)
}

/** Changes what the address says of this page, without a new step for the Back button. */
export function setQuery(query: Readonly<Record<string, string>>): void {
  history.replaceState(null, '', link(route.value.path, query))
  route.value = parse(location.hash)
}

function parse(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  return {
    path: path
      .split('/')
      .filter((step) => step !== '')
      .map(decode),
    query: Object.fromEntries(new URLSearchParams(search)),
  }
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    // A lone % that somebody typed: it stands for itself.
    return step
  }
}
