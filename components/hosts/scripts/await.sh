# Waits, on a bastion, until the SSH server of a host behind it answers, twice in a row: it may listen a moment before
# the host's boot lets anybody log in.
#
#   await.sh        standard input: the host's address
#
# May be cut off anywhere and repeated; changes nothing. Needs common.sh in front.
# shellcheck shell=sh
# shellcheck disable=SC2154 # root is set in common.sh

await_attempts=120
await_pause_seconds="${ROADNET_PAUSE_SECONDS:-2}"

answers() {
  [ -n "$(ssh-keyscan -T 5 "$1" 2>/dev/null </dev/null)" ]
}

main() {
  read -r address || fail "the address is missing"
  # A host made of files has no server.
  [ -z "$root" ] || return 0
  attempt=0
  answered=0
  while [ "$answered" -lt 2 ]; do
    [ "$attempt" -lt "$await_attempts" ] || fail "the SSH server of $address has not answered $attempt times"
    [ "$attempt" -eq 0 ] || sleep "$await_pause_seconds"
    attempt=$((attempt + 1))
    if answers "$address"; then
      answered=$((answered + 1))
    else
      answered=0
    fi
  done
}

main "$@"
