#!/bin/sh
# Says what the host's keys are called, as meet.sh has named them, and whether all of them are still there. Changes
# nothing.
#
#   keys.sh TUNNEL [PATH …]
#     TUNNEL  tunnel: the host has a WireGuard key; none: it has not
#     PATH    of another private key that the host must have
#
# Prints `kept NAME`; or `lost NAME`, with a new name for what is to be made, where anything is missing: a key, the
# record, or the agent, as on a machine that was set up anew. Needs common.sh in front.
# shellcheck shell=sh
# shellcheck disable=SC2154 # root and the names of records are set in common.sh

is_whole() {
  tunnel=$1
  shift
  [ -n "$(recorded_name)" ] && [ -s "$machine_record" ] && has_agent || return 1
  if [ "$tunnel" = tunnel ]; then
    public_key=$(wg pubkey 2>/dev/null <"$wireguard_folder/private.key" || true)
    [ -n "$public_key" ] && [ "$public_key" = "$(recorded_public_key)" ] || return 1
  fi
  for path; do
    [ -s "$root$path" ] || return 1
  done
}

main() {
  [ $# -ge 1 ] || fail "usage: keys.sh tunnel|none [PATH …]"
  if is_whole "$@" 2>/dev/null; then
    printf 'kept %s\n' "$(recorded_name)"
  else
    printf 'lost %s\n' "$(od -A n -N 8 -t x1 /dev/urandom | tr -d ' \n')"
  fi
}

main "$@"
