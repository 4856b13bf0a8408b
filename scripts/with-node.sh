# Runs a file with the Node that package-lock.json names: sh scripts/with-node.sh <file> [argument…]
set -eu
checkout=$(dirname "$0")/..
. "$checkout/scripts/install.sh"
exec "$pinned_node" "$@"
