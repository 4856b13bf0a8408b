/**
 * The build's last step: makes the emitted command executable, so that `bin` works from an unpacked package too.
 */
import { chmodSync, readFileSync } from 'node:fs'

const command = new URL('../dist/cli/main.js', import.meta.url)
if (!readFileSync(command, 'utf8').startsWith('#!/usr/bin/env node\n')) {
  throw new Error('src/cli/main.ts must begin with #!/usr/bin/env node: npm links to the emitted file as a command')
}
chmodSync(command, 0o755)
