/** etcd: where the towers of a cluster agree on who is there. Debian's package, mutual TLS on both of its ports. */
import { stringify } from "yaml";
import type { GenerationPart, ListenPlan, SendPlan } from "../generation.ts";
import { certificate } from "./certificate.ts";
import { libraryFolder, notice, plainFile, program } from "./file.ts";

export const etcdClientPort = 2379;
const peerPort = 2380;
/** Its measurements, in clear text: Prometheus needs no certificate for them. */
export const etcdMetricsPort = 2381;

export interface EtcdMember {
  readonly name: string;
  /** In the cluster's VLAN. */
  readonly address: string;
}

export interface Etcd extends EtcdMember {
  /** Key of the host. */
  readonly key: string;
  readonly hostname: string;
  /** Sets apart what two clusters say to each other by mistake. */
  readonly cluster: string;
  /** All of them, this one included. */
  readonly members: readonly EtcdMember[];
  /** Where its measurements are. */
  readonly metricsAddress: string;
  /** From where those are asked for. */
  readonly monitors: readonly string[];
}

const folder = "/etc/etcd";
const configPath = `${folder}/etcd.yml`;
const authorityPath = `${folder}/ca.crt`;
const startPath = `${libraryFolder}/etcd-start`;
const tls = { certificatePath: `${folder}/etcd.crt`, keyPath: `${folder}/etcd.key` };
const unit = "etcd.service";

const url = (address: string, port: number): string => `https://${address}:${port}`;

/**
 * Debian's package starts a lonely member in `/var/lib/etcd/default` when it is installed; the cluster's data is in a
 * folder of its own, so that the two never mix.
 */
const dataFolder = (cluster: string): string => `/var/lib/etcd/${cluster}`;

function configuration({ name, address, members, cluster, metricsAddress }: Etcd): string {
  const trust = {
    "cert-file": tls.certificatePath,
    "key-file": tls.keyPath,
    "trusted-ca-file": authorityPath,
    "client-cert-auth": true,
  };
  return stringify(
    {
      name,
      "data-dir": dataFolder(cluster),
      "listen-client-urls": `${url(address, etcdClientPort)},${url("127.0.0.1", etcdClientPort)}`,
      "advertise-client-urls": url(address, etcdClientPort),
      "listen-peer-urls": url(address, peerPort),
      "initial-advertise-peer-urls": url(address, peerPort),
      "initial-cluster": members.map((member) => `${member.name}=${url(member.address, peerPort)}`).join(","),
      "initial-cluster-token": cluster,
      "initial-cluster-state": "new",
      "listen-metrics-urls": `http://${metricsAddress}:${etcdMetricsPort}`,
      "client-transport-security": trust,
      "peer-transport-security": trust,
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

/**
 * Starts etcd, on a host without data only after it has found its place in the cluster. If the others know it as a
 * member that has been up before, then its data are gone, as on a machine that was set up anew: under its old identity
 * it would vote on what it has forgotten, so that is taken out and a new one put in
 * (etcd.io/docs/v3.4/op-guide/runtime-configuration, "Replace a failed machine"). Until the others have a quorum there
 * is no cluster yet, and all begin one together; etcd itself refuses that to whoever has been in it before. What fails
 * is tried again by systemd.
 */
function startProgram({ address, cluster }: Etcd, others: readonly string[]): string {
  const { certificatePath, keyPath } = tls;
  return `#!/bin/sh
${notice}set -eu
name=$(sed -n 's/^name: //p' ${configPath})
peer=${url(address, peerPort)}
state=new

ctl() {
  ETCDCTL_API=3 etcdctl --endpoints ${others.map((each) => url(each, etcdClientPort)).join(",")} \
    --cacert ${authorityPath} --cert ${certificatePath} --key ${keyPath} --dial-timeout 2s --command-timeout 5s "$@"
}

if [ ! -d ${dataFolder(cluster)}/member ] && members=$(ctl member list); then
  state=existing
  own=$(printf '%s\n' "$members" | awk -F ', ' -v peer="$peer" '$4 == peer { print $1, $2 }')
  case $own in
    *' started')
      echo "the cluster knows $name, whose data are gone: it becomes a new member"
      ctl member remove "\${own%% *}"
      ctl member add "$name" --peer-urls "$peer"
      ;;
    '') ctl member add "$name" --peer-urls "$peer" ;;
  esac
fi
sed "s/^initial-cluster-state: .*/initial-cluster-state: $state/" ${configPath} >"$RUNTIME_DIRECTORY/etcd.yml"
exec etcd --config-file "$RUNTIME_DIRECTORY/etcd.yml"
`;
}

/**
 * Its own unit says that it is up when the cluster has a leader. The first member of a new cluster would wait for the
 * second for ever, and with it the whole change of its host, so here it is up when it runs.
 */
const dropIn = `${notice}[Unit]
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=
ExecStart=${startPath}
RuntimeDirectory=etcd
Restart=always
RestartSec=5
`;

export function etcd(args: Etcd): GenerationPart {
  const dropInPath = `/etc/systemd/system/${unit}.d/blackroad.conf`;
  const others = args.members.filter(({ name }) => name !== args.name).map(({ address }) => address);
  const signed = certificate(args.key, {
    name: "etcd",
    ...tls,
    keyOwner: "root:etcd",
    dnsNames: [args.hostname],
    addresses: [args.address, "127.0.0.1"],
    usages: ["server", "client"],
  });
  const inCluster = { protocol: "tcp", ports: { from: etcdClientPort, to: peerPort } } as const;
  const metrics: ListenPlan = {
    protocol: "tcp",
    ports: { from: etcdMetricsPort, to: etcdMetricsPort },
    from: args.monitors,
    reason: "etcd's measurements",
  };
  const send: SendPlan = { ...inCluster, to: others, reason: "etcd's other members" };
  return {
    packages: ["etcd-client", "etcd-server"],
    files: [
      plainFile(configPath, notice, configuration(args)),
      program(startPath, startProgram(args, others)),
      plainFile(dropInPath, dropIn),
      plainFile(authorityPath, { kind: "ca-certificate" }),
      ...(signed.files ?? []),
    ],
    certificates: signed.certificates ?? [],
    listens: [{ ...inCluster, from: others, reason: "etcd's other members" }, metrics],
    sends: [send],
    // A renewed certificate is read with the next connection.
    services: [{ unit, reload: [], restart: [configPath, authorityPath, dropInPath] }],
  };
}
