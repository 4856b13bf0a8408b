# `npm run check`: what to run before every commit, in under a minute. Formatting, types, unit tests, the import table, the
# table of statements.
set -eu
cd "$(dirname "$0")/.."
checkout=.
. scripts/install.sh
# What reads or writes the prototype of an object by a name from outside fails, here and in every process the tests start.
export NODE_OPTIONS="${NODE_OPTIONS:-} --disable-proto=throw"
"$pinned_node" node_modules/@biomejs/biome/bin/biome check --error-on-warnings
"$pinned_node" node_modules/typescript/bin/tsc --noEmit -p .
"$pinned_node" node_modules/typescript/bin/tsc --noEmit -p src/dashboard
# With what browsers have, and nothing of Node.
"$pinned_node" node_modules/typescript/bin/tsc --noEmit -p src/client
exec "$pinned_node" --test --test-concurrency=2 --test-reporter=./scripts/test-reporter.mjs 'src/**/*.test.ts' test/tidy.test.ts test/conformance/trace.test.ts
