/**
 * What Prometheus complains about: that something planned is not there, and the symptoms of the Coral-Reef document's
 * "Troubleshooting". Names of measurements are those of its "Prometheus Metrics", of etcd, HAProxy and node_exporter.
 */
import { mountPoint } from "./nfs.ts";

export interface AlertRule {
  readonly name: string;
  /** PromQL: what it yields is wrong. */
  readonly expression: string;
  /** For how long before anybody is told. */
  readonly forSeconds: number;
  readonly severity: "warning" | "critical";
  readonly summary: string;
}

/** What makes sense for every host. */
export const hostAlerts: readonly AlertRule[] = [
  {
    name: "TargetDown",
    expression: "up == 0",
    forSeconds: 60,
    severity: "critical",
    summary: "{{ $labels.job }} on {{ $labels.host }} does not answer",
  },
  {
    name: "DiskAlmostFull",
    expression: 'node_filesystem_avail_bytes{fstype!~"tmpfs|overlay"} / node_filesystem_size_bytes < 0.1',
    forSeconds: 300,
    severity: "warning",
    summary: "{{ $labels.mountpoint }} on {{ $labels.host }} has less than a tenth left",
  },
  {
    name: "ClockIsOff",
    expression: "abs(node_timex_offset_seconds) > 0.5",
    forSeconds: 300,
    severity: "warning",
    summary: "the clock of {{ $labels.host }} is off: certificates and TURN's credentials depend on it",
  },
  {
    name: "CertificateExpires",
    expression: "reef_agent_certificate_expiry_timestamp_seconds - time() < 14 * 86400",
    forSeconds: 3600,
    severity: "warning",
    summary: "a certificate of {{ $labels.host }} ends within two weeks: renew it, check its chain",
  },
  {
    name: "HostDrifted",
    expression: "reef_agent_drift > 0",
    forSeconds: 300,
    severity: "warning",
    summary: "{{ $labels.host }} is not as its generation says",
  },
];

/**
 * The document's dashboard shows 45 ms for the slowest hundredth of API requests; the next bound of its histogram is
 * 50 ms.
 */
const gateway: readonly AlertRule[] = [
  {
    name: "HighLatency",
    expression:
      "histogram_quantile(0.99, sum by (host, le) (rate(coral_reef_request_duration_seconds_bucket[5m]))) > 0.05",
    forSeconds: 300,
    severity: "warning",
    summary:
      "one in a hundred requests to {{ $labels.host }} takes more than 50 ms: check bandwidth, enable QoS",
  },
  {
    name: "RateLimitHits",
    expression: "sum by (host, reason) (rate(coral_reef_rate_limit_hits_total[15m])) * 60 > 10",
    forSeconds: 900,
    severity: "warning",
    summary:
      "{{ $labels.host }} refuses more than 10 requests a minute by {{ $labels.reason }}: clients should back off",
  },
  {
    name: "StandInAnswers",
    expression: "coral_reef_stand_in == 1",
    forSeconds: 86_400,
    severity: "warning",
    summary: "a stand-in answers on {{ $labels.host }} instead of the TPU gateway",
  },
];

const cluster: readonly AlertRule[] = [
  {
    name: "EtcdHasNoLeader",
    expression: "etcd_server_has_leader == 0",
    forSeconds: 60,
    severity: "critical",
    summary: "etcd on {{ $labels.host }} has no leader",
  },
  {
    name: "EtcdLosesLeaders",
    expression: "increase(etcd_server_leader_changes_seen_total[1h]) > 3",
    forSeconds: 300,
    severity: "warning",
    summary: "etcd changed its leader more than three times within an hour: check the cluster's VLAN",
  },
  {
    name: "TowerIsOut",
    expression: 'haproxy_server_status{proxy="towers",state="UP"} == 0',
    forSeconds: 30,
    severity: "critical",
    summary: "the load balancer sends nothing to {{ $labels.server }}",
  },
];

const hub: readonly AlertRule[] = [
  {
    name: "RelayedSyncStands",
    expression: "coral_reef_p2p_peers_total > 0 and rate(coral_reef_p2p_sync_bytes_total[15m]) == 0",
    forSeconds: 900,
    severity: "warning",
    summary: "peers of {{ $labels.host }} are there and nothing is in step: verify TURN, check UDP ports",
  },
];

export interface AlertSubjects {
  /** Names of the towers that must have the shared storage; none where there is none. */
  readonly mounting: readonly string[];
  readonly clustered: boolean;
  readonly relaying: boolean;
}

/** The alerts that make sense for a tower and what it watches. */
export function alerts({ mounting, clustered, relaying }: AlertSubjects): AlertRule[] {
  return [
    ...hostAlerts,
    ...gateway,
    ...(clustered ? cluster : []),
    ...(mounting.length > 0 ? [storageIsMissing(mounting)] : []),
    ...(relaying ? hub : []),
  ];
}

function storageIsMissing(hosts: readonly string[]): AlertRule {
  return {
    name: "SharedStorageIsMissing",
    expression: `up{job="node",host=~"${hosts.join("|")}"} == 1 unless on (host) node_filesystem_size_bytes{mountpoint="${mountPoint}"}`,
    forSeconds: 300,
    severity: "critical",
    summary: `{{ $labels.host }} has not mounted ${mountPoint}`,
  };
}
