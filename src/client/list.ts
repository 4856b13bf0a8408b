/**
 * A list that comes in pages. Awaited it is the first page; iterated over it is every row, a page at a time.
 */

interface AnyPage {
  readonly data: readonly unknown[]
  readonly meta: { readonly cursor: string | null }
}

/** A list that comes in pages: awaited it is the first page, iterated over it is every row. It asks when it is awaited or iterated over, each time anew. */
export class List<Page extends AnyPage> implements PromiseLike<Page>, AsyncIterable<Page['data'][number]> {
  readonly #ask: (cursor: string | undefined) => Promise<Page>

  constructor(ask: (cursor: string | undefined) => Promise<Page>) {
    this.#ask = ask
  }

  // biome-ignore lint/suspicious/noThenProperty: to be awaited is what it is for.
  then<Result = Page, Failure = never>(
    onFulfilled?: ((page: Page) => Result | PromiseLike<Result>) | null,
    onRejected?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    return this.#ask(undefined).then(onFulfilled, onRejected)
  }

  /** Every page. The next one is asked for when the last has been used, which must be within a minute. */
  async *pages(): AsyncGenerator<Page, void> {
    for (let cursor: string | undefined; ; ) {
      const page = await this.#ask(cursor)
      yield page
      if (page.meta.cursor === null) return
      cursor = page.meta.cursor
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Page['data'][number], void> {
    for await (const { data } of this.pages()) {
      // Its rows are those of its own type.
      for (const row of data) yield row as Page['data'][number]
    }
  }
}
