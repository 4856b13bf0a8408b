# `npm start`: installs what is missing, then becomes the broker, so that a signal to npm reaches it.
set -eu
checkout=$(dirname "$0")/..
. "$checkout/scripts/install.sh"
exec "$pinned_node" "$checkout/src/cli/main.ts" start "$@"
