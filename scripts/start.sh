# `npm start`: installs what is missing, builds the dashboard if its sources are newer, then becomes the broker, so that a
# signal to npm reaches it.
set -eu
checkout=$(dirname "$0")/..
. "$checkout/scripts/install.sh"
# The broker is more than its dashboard: if it cannot be built, what was built before is shown, or none.
"$pinned_node" "$checkout/scripts/build-dashboard.mjs" --if-stale >&2 ||
  echo 'pabal: the dashboard could not be built; the reason is above. The broker starts without it' >&2
exec "$pinned_node" "$checkout/src/cli/main.ts" start "$@"
