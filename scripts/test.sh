# `npm test`: installs what the tests need, then runs all of them. Its last lines are the test runner's summary.
# Arguments replace the list of test files: npm test -- src/core/session/inbound.test.ts
set -eu
cd "$(dirname "$0")/.."
checkout=.
. scripts/install.sh
# What reads or writes the prototype of an object by a name from outside fails, here and in every process the tests start.
export NODE_OPTIONS="${NODE_OPTIONS:-} --disable-proto=throw"
# Debian keeps daemons where only root's PATH looks.
PATH=$PATH:/usr/sbin:/sbin
. scripts/install-debian-packages.sh
# What Node compiles for the many processes of the tests stays in the checkout.
export XDG_CACHE_HOME="$PWD/node_modules/.cache"
echo 'Checking format and style'
"$pinned_node" node_modules/@biomejs/biome/bin/biome check --error-on-warnings
echo 'Checking types'
"$pinned_node" node_modules/typescript/bin/tsc --noEmit -p .
"$pinned_node" node_modules/typescript/bin/tsc --noEmit -p src/dashboard
echo 'Running the tests'
[ $# -gt 0 ] || set -- 'src/**/*.test.ts' 'test/**/*.test.ts'
exec "$pinned_node" --test --test-concurrency=2 --test-reporter=./scripts/test-reporter.mjs "$@"
