# Shared by the scripts beside it, and sent in front of each. Every path of the host starts with $root, so that the
# same scripts work on a host made of files: ROADNET_ROOT names its folder, and is unset on a real host.
# shellcheck shell=sh
set -eu
umask 077
root="${ROADNET_ROOT:-}"
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

wireguard_folder="$root/etc/wireguard"

# What the host's keys are called, with WireGuard's public half, and what the machine is called.
agent_folder="$root/var/lib/reef-agent"
keys_record="$agent_folder/keys"
machine_record="$agent_folder/machine"

apt_attempts=5
apt_pause_seconds="${ROADNET_PAUSE_SECONDS:-5}"

say() {
  printf '%s\n' "$*" >&2
}

fail() {
  say "error: $*"
  exit 1
}

# Whether a word is a name of keys or of a machine.
is_name() {
  case $1 in
    *[!0-9a-f]*) return 1 ;;
    ????????????????) return 0 ;;
    *) return 1 ;;
  esac
}

has_agent() {
  command -v reef-agent >/dev/null
}

# The name of the keys in the record; empty where there is none.
recorded_name() {
  name=$(cut -d ' ' -f 1 2>/dev/null <"$keys_record" || true)
  ! is_name "$name" || printf '%s' "$name"
}

# WireGuard's public key in the record; empty where there is none.
recorded_public_key() {
  [ ! -s "$keys_record" ] || cut -d ' ' -f 2 <"$keys_record" | grep -E '^[A-Za-z0-9+/]{43}=$' || true
}

# Makes files, and the renames in folders, survive a power cut.
durable() {
  [ -n "$root" ] || sync -- "$@"
}

installed() {
  dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed$'
}

# Installs those of the named packages that are missing. A first run that was cut off leaves dpkg half done, hence
# the repair before each attempt.
install_packages() {
  left=$#
  while [ "$left" -gt 0 ]; do
    package=$1
    shift
    left=$((left - 1))
    installed "$package" || set -- "$@" "$package"
  done
  [ $# -gt 0 ] || return 0
  say "installing $*"
  attempt=1
  until dpkg --configure -a >&2 </dev/null &&
    apt-get -q -o DPkg::Lock::Timeout=120 update >&2 </dev/null &&
    apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef \
      -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 --no-install-recommends install "$@" >&2 </dev/null; do
    [ "$attempt" -lt "$apt_attempts" ] || fail "cannot install $* after $attempt attempts"
    say "attempt $attempt failed, trying again in $apt_pause_seconds s"
    attempt=$((attempt + 1))
    sleep "$apt_pause_seconds"
  done
}
