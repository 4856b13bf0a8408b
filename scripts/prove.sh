# `npm run prove`: shows in full what `npm test` shows in short: every test/*/prove.ts. Arguments name folders of test/ instead.
set -eu
cd "$(dirname "$0")/.."
checkout=.
. scripts/install.sh
# Debian keeps mkfs where only root's PATH looks.
PATH=$PATH:/usr/sbin:/sbin
[ $# -gt 0 ] || set -- $(cd test && ls -d */prove.ts | sed 's|/prove.ts$||')
status=0
for folder; do
  "$pinned_node" "test/$folder/prove.ts" || status=1
done
exit "$status"
