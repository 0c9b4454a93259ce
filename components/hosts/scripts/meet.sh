#!/bin/sh
# First contact: makes the keys that only this host is to know, and prints their public halves as one line of JSON,
# with the host's architecture. Again where a key has been lost.
#
#   meet.sh OWN-HOST-KEY TUNNEL NAME
#     OWN-HOST-KEY  own: make an ED25519 host key beside the throw-away one and offer both; keep: leave host keys be
#     TUNNEL        tunnel: make a WireGuard key; none: do not
#     NAME          what the host's keys are called from now on, for keys.sh to tell; none: they get no name
#
# A machine has a name of its own as well, its first keys': it keeps that one as long as its agent is there.
#
# May be cut off anywhere and repeated: a key that exists is kept. Needs common.sh in front.
# shellcheck shell=sh
# shellcheck disable=SC2154 # root and the names of records are set in common.sh

ssh_folder="$root/etc/ssh"
offer_attempts=50

make_host_key() {
  key="$ssh_folder/ssh_host_ed25519_key"
  if ! ssh-keygen -y -P '' -f "$key" >/dev/null 2>&1; then
    rm -f -- "$key.roadnet-new" "$key.roadnet-new.pub"
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$key.roadnet-new" >&2
    durable "$key.roadnet-new"
    rm -f -- "$key.roadnet-new.pub"
    mv -f -- "$key.roadnet-new" "$key"
  fi
  host_key=$(ssh-keygen -y -P '' -f "$key" | cut -d ' ' -f 1,2)
  printf '%s\n' "$host_key" >"$key.pub"
  chmod 0644 "$key.pub"
  durable "$ssh_folder"
}

# Many hosts are reached through few bastions at once; the default drops connections from the tenth on.
widen_startups() {
  [ -d "$ssh_folder/sshd_config.d" ] || return 0
  printf 'MaxStartups 100:30:200\n' >"$ssh_folder/sshd_config.d/10-blackroad-network.conf"
}

# The next connection is pinned to the new key and may not be retried, so wait until sshd has taken it up.
offer_host_key() {
  systemctl reload ssh.service >&2
  [ -z "$root" ] || return 0
  attempt=1
  until ssh-keyscan -T 2 -t ed25519 127.0.0.1 2>/dev/null | grep -qF "$host_key"; do
    [ "$attempt" -lt "$offer_attempts" ] || fail "sshd does not offer the new host key"
    attempt=$((attempt + 1))
    sleep 0.2
  done
}

# The private half of a running tunnel, whose file may have been lost; empty where there is none.
running_key() {
  wg show wg0 private-key 2>/dev/null || true
}

public_half() {
  [ -n "$1" ] && printf '%s\n' "$1" | wg pubkey 2>/dev/null || true
}

# Others know the host by the key whose public half is in the record: where that one can still be had, from its file or
# from the running tunnel, no session ends and nobody else must change. Else the tunnel goes on with the key that it has.
make_wireguard_key() {
  install_packages wireguard-tools
  mkdir -p -- "$wireguard_folder"
  key="$wireguard_folder/private.key"
  in_file=$(public_half "$(cat -- "$key" 2>/dev/null || true)")
  running=$(public_half "$(running_key)")
  known=$(recorded_public_key)
  if [ -z "$in_file" ] || [ "$in_file" != "$known" ]; then
    if [ -n "$running" ] && [ "$running" != "$in_file" ]; then
      write_wireguard_key "$(running_key)"
    elif [ -z "$in_file" ]; then
      write_wireguard_key "$(wg genkey)"
    fi
  fi
  chmod 0600 "$key"
  wireguard_public_key=$(wg pubkey <"$key")
}

write_wireguard_key() {
  printf '%s\n' "$1" >"$key.roadnet-new"
  durable "$key.roadnet-new"
  mv -f -- "$key.roadnet-new" "$key"
  durable "$wireguard_folder"
}

# Writes down what the machine and its keys are called.
remember() {
  mkdir -p -m 0700 -- "$agent_folder"
  machine=$(cat -- "$machine_record" 2>/dev/null || true)
  if ! is_name "$machine" || ! has_agent; then
    machine=$1
    write_record "$machine_record" "$machine"
  fi
  write_record "$keys_record" "$1 ${wireguard_public_key:-none}"
}

write_record() {
  printf '%s\n' "$2" >"$1.roadnet-new"
  durable "$1.roadnet-new"
  mv -f -- "$1.roadnet-new" "$1"
  durable "$agent_folder"
}

# Debian's word for the machine's architecture.
architecture() {
  case $(uname -m) in
    x86_64) printf amd64 ;;
    aarch64 | arm64) printf arm64 ;;
    *) fail "there is no agent for $(uname -m); there are amd64 and arm64" ;;
  esac
}

main() {
  [ $# -eq 3 ] || fail "usage: meet.sh own|keep tunnel|none NAME|none"
  host_key=''
  wireguard_public_key=''
  machine=''
  keys=''
  # Within the printf below it could not end the script.
  word=$(architecture)
  case $1 in
    own)
      make_host_key
      widen_startups
      offer_host_key
      ;;
    keep) ;;
    *) fail "OWN-HOST-KEY is own or keep, not $1" ;;
  esac
  case $2 in
    tunnel) make_wireguard_key ;;
    none) ;;
    *) fail "TUNNEL is tunnel or none, not $2" ;;
  esac
  if [ "$3" != none ]; then
    is_name "$3" || fail "NAME is 16 hexadecimal digits, not $3"
    keys=$3
    remember "$keys"
  fi
  printf '{"architecture":"%s","hostKey":"%s","wireguardPublicKey":"%s","machine":"%s","keys":"%s"}\n' \
    "$word" "$host_key" "$wireguard_public_key" "$machine" "$keys"
}

main "$@"
