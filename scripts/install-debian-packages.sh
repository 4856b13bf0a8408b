# Installs the Debian packages of debian-packages.txt (package, command it brings, machine if only one has it) whose command is
# missing.
#
# Sourced in the root of a checkout. Needs root; anybody else is told what to run. Never starts a service: a mosquitto
# daemon would take the port that brokers listen on, and nobody asked for a prometheus that collects.

missing_packages=
while read -r package package_command only_machine; do
  [ -z "$only_machine" ] || [ "$only_machine" = "$(uname -m)" ] || continue
  command -v "$package_command" >/dev/null 2>&1 || missing_packages="$missing_packages $package"
done <scripts/debian-packages.txt

apt_get_install() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing_packages
}

# Package lists may be missing or name versions that are gone: then they are fetched, and once more.
install_missing_packages() {
  apt_words=$(apt_get_install 2>&1) && return 0
  apt_words=$(apt-get -qq update 2>&1 && apt_get_install 2>&1) && return 0
  echo "$apt_words" >&2
  return 1
}

# Debian asks the program policy-rc.d before it starts a service; 101 forbids it. An administrator's own is left alone.
install_without_services() {
  policy=/usr/sbin/policy-rc.d
  if [ -e "$policy" ]; then
    install_missing_packages
    return
  fi
  trap 'rm -f "$policy"' EXIT
  trap 'exit 143' TERM HUP
  trap 'exit 130' INT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  install_status=0
  install_missing_packages || install_status=1
  rm -f "$policy"
  trap - EXIT TERM HUP INT
  return "$install_status"
}

# Nor shall the machine's next start bring up a daemon that came with one of them.
disable_services() {
  command -v systemctl >/dev/null 2>&1 || return 0
  # Of a system that is not running only what is written down can be changed.
  now=
  [ ! -d /run/systemd/system ] || now=--now
  for package in $missing_packages; do
    for unit in $(dpkg -L "$package" | sed -n 's|^.*/systemd/system/\([^/@]*\.service\)$|\1|p'); do
      systemctl --quiet disable $now "$unit"
    done
  done
}

if [ -n "$missing_packages" ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need these Debian packages, which are missing:$missing_packages" >&2
    echo "As root: apt-get install -y --no-install-recommends$missing_packages" >&2
    exit 1
  fi
  echo "Installing Debian packages for the tests:$missing_packages"
  if ! install_without_services; then
    echo "apt-get could not install:$missing_packages. Its own words are above." >&2
    exit 1
  fi
  disable_services
fi
