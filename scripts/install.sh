# Gives a checkout its npm packages, and callers `$pinned_node`: the Node that package-lock.json names.
#
# Source it with `$checkout` set to the root of the checkout. Costs no process when nothing is to be done. Prints to
# stderr only, because the output of a caller may be data. Several callers may come at once: one installs, the rest wait.

pinned_node=$checkout/node_modules/node/bin/node
install_stamp=$checkout/node_modules/.pabal-installed
install_lock=$checkout/.install-lock
install_wait_seconds=300
install_patience_seconds=45

install_failed() {
  echo "pabal: $1" >&2
  exit 1
}

# True if node_modules belongs to this package-lock.json. The stamp holds its checksum; a stamp younger than the file
# needs no look inside. `npm ci` or `npm install` run by hand leaves no stamp, but npm's own hidden lock file.
is_installed() {
  [ -x "$pinned_node" ] || return 1
  [ "$install_stamp" -nt "$checkout/package-lock.json" ] && return 0
  if [ -f "$install_stamp" ]; then
    [ "$(cat "$install_stamp")" = "$(cksum <"$checkout/package-lock.json")" ] || return 1
  else
    [ "$checkout/node_modules/.package-lock.json" -nt "$checkout/package-lock.json" ] || return 1
  fi
  # In a checkout that belongs to somebody else the stamp stays as it is.
  [ ! -w "$checkout/node_modules" ] || write_stamp
}

write_stamp() {
  cksum <"$checkout/package-lock.json" >"$install_stamp"
}

# A process that belongs to another user cannot be signalled, but is there.
is_alive() {
  kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ]
}

# The lock is a directory with an entry for each process that works under it: its owner and npm. When all of them have
# died it is removed by whoever makes the directory `.stale` first, after a second look: it may be a new lock by then.
take_lock() {
  waited_seconds=0
  while ! mkdir "$install_lock" 2>/dev/null; do
    [ -d "$install_lock" ] || [ -w "$checkout" ] || install_failed "cannot write to $checkout: install as its owner, with: npm ci"
    if [ "$waited_seconds" -eq 0 ]; then
      echo 'pabal: waiting for another installation in this checkout' >&2
    elif [ "$waited_seconds" -ge "$install_wait_seconds" ]; then
      install_failed "waited $install_wait_seconds s for another installation; if there is none: rm -r $install_lock*"
    fi
    remove_stale_lock
    sleep 1
    waited_seconds=$((waited_seconds + 1))
  done
  : >"$install_lock/$$"
}

remove_stale_lock() {
  worker=
  for worker in "$install_lock"/[0-9]*; do
    [ -e "$worker" ] && ! is_alive "${worker##*/}" || return 0
  done
  mkdir "$install_lock.stale" 2>/dev/null || return 0
  [ ! -e "$worker" ] || rm -rf "$install_lock"
  rmdir "$install_lock.stale"
}

# Under `npm start` the PATH begins with node_modules/.bin, where `npm ci` would delete the Node it runs on.
path_without_node_modules() {
  echo "$PATH" | tr ':' '\n' | grep -v '/node_modules/\.bin$' | paste -s -d : -
}

# npm tries for minutes, and says nothing, where it does not get through or does not trust a certificate.
tell_if_it_takes_long() {
  waited_seconds=0
  while [ "$waited_seconds" -lt "$install_patience_seconds" ]; do
    # It may outlive this by a second, and must not keep the caller's streams open.
    sleep 1 2>/dev/null
    waited_seconds=$((waited_seconds + 1))
  done
  echo "pabal: npm has not finished after $install_patience_seconds s; where it does not get through it tries for minutes. To see why: npm ping --loglevel=http" >&2
}

# npm runs in the background so that a signal is handled at once: it ends npm too and gives the lock back.
run_npm_ci() {
  npm_process=
  teller_process=
  trap 'abandon_install 143' TERM HUP
  trap 'abandon_install 130' INT
  rm -f "$install_stamp"
  (
    cd "$checkout" && PATH=$(path_without_node_modules) &&
      exec npm ci --include=dev --ignore-scripts=false --no-audit --no-fund --loglevel=error </dev/null >/dev/null
  ) &
  npm_process=$!
  : >"$install_lock/$npm_process"
  tell_if_it_takes_long </dev/null >/dev/null &
  teller_process=$!
  npm_status=0
  wait "$npm_process" || npm_status=$?
  dismiss_teller
  trap - TERM HUP INT
}

dismiss_teller() {
  kill "$teller_process" 2>/dev/null || true
  wait "$teller_process" 2>/dev/null || true
}

abandon_install() {
  if [ -n "$npm_process" ]; then
    kill -TERM "$npm_process" 2>/dev/null || true
    wait "$npm_process" || true
  fi
  [ -z "$teller_process" ] || dismiss_teller
  rm -rf "$install_lock"
  exit "$1"
}

install_packages() {
  command -v npm >/dev/null 2>&1 || install_failed 'npm is missing: install Node.js with npm, then try again'
  take_lock
  if ! is_installed; then
    echo 'pabal: installing the npm packages of package-lock.json (once, about 10 s)' >&2
    run_npm_ci
    if [ "$npm_status" -ne 0 ]; then
      rm -rf "$install_lock"
      install_failed "npm ci failed with exit code $npm_status; its own words are above. Is the network there? Then try: npm ci"
    fi
    if ! "$pinned_node" --version >/dev/null 2>&1; then
      rm -rf "$install_lock"
      install_failed "npm ci left no working Node at $pinned_node: the install script of the npm package 'node' did not run"
    fi
    write_stamp
  fi
  rm -rf "$install_lock"
}

is_installed || install_packages
