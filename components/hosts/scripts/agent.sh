#!/bin/sh
# Runs the agent, whatever is on standard input for it.
#
#   agent.sh SHA256|any UPLOAD COMMAND [ARGUMENT …]
#     SHA256   of the agent that is to run, in hexadecimal: one that is installed already may be too old to read a newer
#              document. `any` takes the installed one, where there is one
#     UPLOAD   where the upload has put the agent
#     COMMAND  of the agent, with its arguments
#
# May be cut off anywhere and repeated. Needs common.sh in front.
# shellcheck shell=sh
# shellcheck disable=SC2154 # root is set in common.sh

folder="$root/var/lib/reef-agent"

# Puts the upload where nobody else can write, under a name that says which it is.
take_upload() {
  agent="$folder/run-$1"
  # A name that says nothing of the content is no reason to trust it.
  [ "$1" = any ] || [ ! -x "$agent" ] || return 0
  [ "$1" = any ] || printf '%s  %s\n' "$1" "$root$2" | sha256sum --check --status ||
    fail "the agent's upload $2 is missing or damaged: upload it again with \`pulumi up --replace\` of this host's \"agent\""
  mkdir -p -m 0700 -- "$folder"
  install -m 0700 -- "$root$2" "$folder/run.new"
  durable "$folder/run.new"
  mv -f -- "$folder/run.new" "$agent"
  durable "$folder"
}

main() {
  [ $# -ge 3 ] || fail "usage: agent.sh SHA256|any UPLOAD COMMAND [ARGUMENT …]"
  if [ "$1" = any ] && command -v reef-agent >/dev/null; then
    agent=reef-agent
  else
    take_upload "$1" "$2"
  fi
  shift 2
  # A host made of files has an agent of its own, which leaves this machine alone.
  [ -z "$root" ] || agent=reef-agent
  exec "$agent" "$@"
}

main "$@"
