/** aws_instance, from internal/service/ec2/ec2_instance.go. Its table is in instance-table.ts. */
import { fromTagList } from "../ec2/account.ts";
import {
  architectureOf,
  modifyInstanceAttributes,
  rootVolume,
  runInstance,
  terminateInstance,
} from "../ec2/instances.ts";
import type { Instance, InstanceAttributes, Volume } from "../ec2/instance-records.ts";
import type { NetworkInterface } from "../ec2/records.ts";
import { during, unless } from "../errors.ts";
import { flag, object, text, type Json, type Properties } from "../json.ts";
import type { Change, Context, ResourceType } from "../table.ts";
import { runInput } from "./instance-inputs.ts";
import { updateInstance } from "./instance-update.ts";
import { instanceProperties } from "./instance-table.ts";

function create({ ec2, tags }: Context, inputs: Properties): string {
  return during("creating EC2 Instance", () => runInstance(ec2, runInput(inputs, tags))).InstanceId;
}

function read({ ec2 }: Context, id: string, prior: Properties): Properties | undefined {
  const instance = ec2.get("instances", id);
  const attributes = ec2.get("instance-attributes", id);
  const target = attributes && ec2.get("network-interfaces", attributes.PrimaryNetworkInterfaceId);
  if (instance === undefined || attributes === undefined || target === undefined) {
    return undefined;
  }
  const volume = rootVolume(ec2, id);
  return {
    ...readMachine(instance, attributes),
    ...readNetwork(target),
    arn: ec2.arn(`instance/${id}`),
    rootBlockDevice: volume && readVolume(volume, object(prior, "rootBlockDevice") ?? {}),
    ...readUserData(attributes.UserData, prior),
    volumeTags: prior.volumeTags === undefined || volume === undefined ? undefined : fromTagList(volume.Tags),
    tagsAll: fromTagList(instance.Tags),
  };
}

function readMachine(instance: Instance, attributes: InstanceAttributes): Properties {
  const metadata = instance.MetadataOptions;
  const dns = instance.PrivateDnsNameOptions;
  return {
    ami: instance.ImageId,
    availabilityZone: instance.Placement.AvailabilityZone,
    capacityReservationSpecification: { capacityReservationPreference: "open" },
    cpuOptions: {
      amdSevSnp: "",
      coreCount: instance.CpuOptions.CoreCount,
      nestedVirtualization: "",
      threadsPerCore: instance.CpuOptions.ThreadsPerCore,
    },
    creditSpecification: { cpuCredits: attributes.CpuCredits },
    disableApiStop: attributes.DisableApiStop,
    disableApiTermination: attributes.DisableApiTermination,
    ebsOptimized: instance.EbsOptimized,
    enclaveOptions: { enabled: instance.EnclaveOptions.Enabled },
    hibernation: instance.HibernationOptions.Configured,
    // By its name, which is the ARN's last part (InstanceProfileARNToName).
    iamInstanceProfile: instance.IamInstanceProfile?.Arn.split("/").at(-1),
    instanceInitiatedShutdownBehavior: attributes.InstanceInitiatedShutdownBehavior,
    instanceState: instance.State.Name,
    instanceType: instance.InstanceType,
    maintenanceOptions: { autoRecovery: instance.MaintenanceOptions.AutoRecovery },
    metadataOptions: {
      httpEndpoint: metadata.HttpEndpoint,
      httpProtocolIpv6: metadata.HttpProtocolIpv6,
      httpPutResponseHopLimit: metadata.HttpPutResponseHopLimit,
      httpTokens: metadata.HttpTokens,
      instanceMetadataTags: metadata.InstanceMetadataTags,
    },
    monitoring: instance.Monitoring.State === "enabled",
    privateDnsNameOptions: {
      enableResourceNameDnsARecord: dns.EnableResourceNameDnsARecord,
      enableResourceNameDnsAaaaRecord: dns.EnableResourceNameDnsAAAARecord,
      hostnameType: dns.HostnameType,
    },
    tenancy: instance.Placement.Tenancy,
  };
}

function readNetwork(target: NetworkInterface): Properties {
  const ipv6 = target.Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address);
  return {
    associatePublicIpAddress: target.Association !== undefined,
    ipv6AddressCount: ipv6.length,
    ipv6Addresses: ipv6,
    primaryNetworkInterface: {
      deleteOnTermination: target.Attachment?.DeleteOnTermination ?? true,
      networkInterfaceId: target.NetworkInterfaceId,
    },
    primaryNetworkInterfaceId: target.NetworkInterfaceId,
    privateDns: target.PrivateDnsName ?? "",
    privateIp: target.PrivateIpAddress,
    publicDns: target.Association?.PublicDnsName ?? "",
    publicIp: target.Association?.PublicIp ?? "",
    secondaryPrivateIps: target.PrivateIpAddresses.filter((address) => !address.Primary).map(
      (address) => address.PrivateIpAddress,
    ),
    sourceDestCheck: target.SourceDestCheck,
    subnetId: target.SubnetId,
    vpcSecurityGroupIds: target.Groups.map((group) => group.GroupId),
  };
}

function readVolume(volume: Volume, prior: Properties): Json {
  const tags = fromTagList(volume.Tags);
  return {
    deleteOnTermination: volume.DeleteOnTermination,
    deviceName: volume.DeviceName,
    encrypted: volume.Encrypted,
    iops: volume.Iops,
    kmsKeyId: volume.KmsKeyId,
    ...(prior.tags === undefined ? {} : { tags }),
    tagsAll: tags,
    throughput: volume.Throughput,
    volumeId: volume.VolumeId,
    volumeSize: volume.Size,
    volumeType: volume.VolumeType,
  };
}

/** In the form in which the program gave it: in base64 if that is what the state has, else in clear. */
function readUserData(encoded: string, prior: Properties): Properties {
  if (encoded === "") {
    return { userData: undefined, userDataBase64: undefined };
  }
  return text(prior, "userDataBase64") === undefined
    ? { userData: Buffer.from(encoded, "base64").toString() }
    : { userDataBase64: encoded };
}

const needsRestart = ["instanceType", "userData", "userDataBase64"];

/** CustomizeDiff: user data replaces where the program says so, a type where the architecture differs. */
function replaces({ before, after, changed }: Change): string[] {
  const names = flag(after, "userDataReplaceOnChange") === true ? ["userData", "userDataBase64"] : [];
  const [old, wanted] = [text(before, "instanceType"), text(after, "instanceType")];
  if (old !== undefined && wanted !== undefined && architectureOf(old) !== architectureOf(wanted)) {
    names.push("instanceType");
  }
  return names.filter((name) => changed.has(name));
}

export const instance: ResourceType = {
  token: "aws:ec2/instance:Instance",
  upstream: { resource: "aws_instance", file: "internal/service/ec2/ec2_instance.go", sdk: "sdkv2" },
  properties: instanceProperties,
  tagged: true,
  replaces,
  recomputes: ({ before, changed }) => [
    ...(needsRestart.some((name) => changed.has(name)) && text(before, "publicIp") !== undefined
      ? ["publicDns", "publicIp"]
      : []),
    ...(changed.has("ipv6Addresses") ? ["ipv6AddressCount"] : []),
    ...(changed.has("ipv6AddressCount") ? ["ipv6Addresses"] : []),
  ],
  create,
  read,
  update: ({ ec2 }, id, change) => {
    updateInstance(ec2, id, change);
    return undefined;
  },
  delete: ({ ec2 }, id, state) => {
    during(`terminating EC2 Instance (${id})`, () =>
      unless(["InvalidInstanceID.NotFound"], () => {
        if (flag(state, "forceDestroy") === true) {
          modifyInstanceAttributes(ec2, id, { DisableApiStop: false, DisableApiTermination: false });
        }
        terminateInstance(ec2, id);
      }),
    );
  },
};
