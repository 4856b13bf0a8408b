/**
 * Server-sent events as they come: what stands behind `data:` in each, which the broker writes as JSON in one line.
 *
 * Read with `fetch` rather than with an EventSource, which hides why it was refused and would subscribe again by itself.
 */
export async function readEvents(body: ReadableStream<BufferSource>, take: (data: unknown) => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data: ')) take(JSON.parse(line.slice('data: '.length)))
  }
}
