/** Instances and their volumes as the simulated EC2 stores them, by AWS's own field names; see records.ts. */
import type { Tag } from "./records.ts";

export interface Volume {
  VolumeId: string;
  DeviceName: string;
  DeleteOnTermination: boolean;
  Encrypted: boolean;
  Iops: number;
  KmsKeyId: string;
  Size: number;
  SnapshotId: string;
  Throughput: number;
  VolumeType: string;
  Tags: Tag[];
}

/** As stored; `describe-instances` adds interfaces, addresses and groups, which follow from the interface. */
export interface Instance {
  AmiLaunchIndex: number;
  Architecture: "x86_64" | "arm64";
  CpuOptions: { CoreCount: number; ThreadsPerCore: number };
  EbsOptimized: boolean;
  EnaSupport: boolean;
  EnclaveOptions: { Enabled: boolean };
  HibernationOptions: { Configured: boolean };
  Hypervisor: "xen";
  IamInstanceProfile?: { Arn: string; Id: string };
  ImageId: string;
  InstanceId: string;
  InstanceType: string;
  LaunchTime: string;
  MaintenanceOptions: { AutoRecovery: string };
  MetadataOptions: {
    HttpEndpoint: string;
    HttpProtocolIpv6: string;
    HttpPutResponseHopLimit: number;
    HttpTokens: string;
    InstanceMetadataTags: string;
    State: "applied";
  };
  Monitoring: { State: "enabled" | "disabled" };
  Placement: { AvailabilityZone: string; GroupName: string; Tenancy: string };
  PrivateDnsNameOptions: {
    EnableResourceNameDnsAAAARecord: boolean;
    EnableResourceNameDnsARecord: boolean;
    HostnameType: string;
  };
  RootDeviceName: string;
  RootDeviceType: "ebs";
  State: { Code: 16; Name: "running" };
  SubnetId: string;
  Tags: Tag[];
  VirtualizationType: "hvm";
  VpcId: string;
}

/** What `describe-instance-attribute` tells, stored beside the instance. */
export interface InstanceAttributes {
  InstanceId: string;
  CpuCredits: "standard" | "unlimited";
  DisableApiStop: boolean;
  DisableApiTermination: boolean;
  InstanceInitiatedShutdownBehavior: string;
  PrimaryNetworkInterfaceId: string;
  /** Base64; empty for none. */
  UserData: string;
}
