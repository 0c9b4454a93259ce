#!/bin/sh
# First contact: makes the keys that only this host is to know, and prints their public halves as one line of JSON,
# with the host's architecture.
#
#   meet.sh OWN-HOST-KEY TUNNEL
#     OWN-HOST-KEY  own: make an ED25519 host key beside the throw-away one and offer both; keep: leave host keys be
#     TUNNEL        tunnel: make a WireGuard key; none: do not
#
# May be cut off anywhere and repeated: a key that exists is kept. Needs common.sh in front.
# shellcheck shell=sh
# shellcheck disable=SC2154 # root is set in common.sh

ssh_folder="$root/etc/ssh"
wireguard_folder="$root/etc/wireguard"
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

make_wireguard_key() {
  install_packages wireguard-tools
  mkdir -p -- "$wireguard_folder"
  key="$wireguard_folder/private.key"
  if [ ! -s "$key" ] || ! wg pubkey <"$key" >/dev/null 2>&1; then
    wg genkey >"$key.roadnet-new"
    durable "$key.roadnet-new"
    mv -f -- "$key.roadnet-new" "$key"
    durable "$wireguard_folder"
  fi
  chmod 0600 "$key"
  wireguard_public_key=$(wg pubkey <"$key")
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
  [ $# -eq 2 ] || fail "usage: meet.sh own|keep tunnel|none"
  host_key=''
  wireguard_public_key=''
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
  printf '{"architecture":"%s","hostKey":"%s","wireguardPublicKey":"%s"}\n' \
    "$word" "$host_key" "$wireguard_public_key"
}

main "$@"
