/** From the inputs of an aws_instance to what the API takes (buildInstanceOpts and the expand functions). */
import type { Tags } from "../ec2/account.ts";
import type { RunInstanceInput } from "../ec2/instances.ts";
import type { InstanceAttributes, Volume } from "../ec2/instance-records.ts";
import { flag, integer, object, text, texts, type Json, type Properties } from "../json.ts";

/** An object without its undefined fields, so that spreading it keeps the defaults of what it is laid over. */
export function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

export function metadataFrom(options: Properties): RunInstanceInput["metadata"] {
  return defined({
    HttpEndpoint: text(options, "httpEndpoint"),
    HttpProtocolIpv6: text(options, "httpProtocolIpv6"),
    HttpPutResponseHopLimit: integer(options, "httpPutResponseHopLimit"),
    HttpTokens: text(options, "httpTokens"),
    InstanceMetadataTags: text(options, "instanceMetadataTags"),
  });
}

export function privateDnsFrom(options: Properties): RunInstanceInput["privateDns"] {
  return defined({
    EnableResourceNameDnsAAAARecord: flag(options, "enableResourceNameDnsAaaaRecord"),
    EnableResourceNameDnsARecord: flag(options, "enableResourceNameDnsARecord"),
    HostnameType: text(options, "hostnameType"),
  });
}

export function volumeFrom(options: Properties): Partial<Volume> {
  return defined({
    DeleteOnTermination: flag(options, "deleteOnTermination"),
    Encrypted: flag(options, "encrypted"),
    Iops: integer(options, "iops") === 0 ? undefined : integer(options, "iops"),
    Size: integer(options, "volumeSize"),
    Throughput: integer(options, "throughput") === 0 ? undefined : integer(options, "throughput"),
    VolumeType: text(options, "volumeType"),
  });
}

export function textMap(value: Json | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object({ value }, "value") ?? {}).flatMap(([key, item]) =>
      typeof item === "string" ? [[key, item]] : [],
    ),
  );
}

/** The data as the API takes it: base64. Upstream encodes clear text and passes base64 through. */
export function encodedUserData(inputs: Properties): string {
  const clear = text(inputs, "userData");
  if (clear === undefined) {
    return text(inputs, "userDataBase64") ?? "";
  }
  const decoded = Buffer.from(clear, "base64");
  return decoded.toString("base64") === clear ? clear : Buffer.from(clear).toString("base64");
}

/** T3 and its kin are unlimited unless the program says otherwise. */
function creditsFrom(inputs: Properties): InstanceAttributes["CpuCredits"] {
  const given = text(object(inputs, "creditSpecification") ?? {}, "cpuCredits");
  const type = text(inputs, "instanceType") ?? "";
  return given === "standard" || given === "unlimited"
    ? given
    : type.startsWith("t3") || type.startsWith("t4")
      ? "unlimited"
      : "standard";
}

export function runInput(inputs: Properties, tags: Tags): RunInstanceInput {
  const part = (name: string): Record<string, Json> => object(inputs, name) ?? {};
  const root = part("rootBlockDevice");
  return {
    imageId: text(inputs, "ami"),
    instanceType: text(inputs, "instanceType"),
    subnetId: text(inputs, "subnetId"),
    availabilityZone: text(inputs, "availabilityZone"),
    privateIp: text(inputs, "privateIp"),
    secondaryPrivateIps: texts(inputs, "secondaryPrivateIps"),
    ipv6AddressCount: integer(inputs, "ipv6AddressCount"),
    ipv6Addresses: texts(inputs, "ipv6Addresses"),
    associatePublicIpAddress: flag(inputs, "associatePublicIpAddress"),
    securityGroupIds: texts(inputs, "vpcSecurityGroupIds"),
    keyName: text(inputs, "keyName"),
    iamInstanceProfile: text(inputs, "iamInstanceProfile"),
    userData: encodedUserData(inputs),
    ebsOptimized: flag(inputs, "ebsOptimized") ?? false,
    enclave: flag(part("enclaveOptions"), "enabled") ?? false,
    hibernation: flag(inputs, "hibernation") ?? false,
    monitoring: flag(inputs, "monitoring") ?? false,
    tenancy: text(inputs, "tenancy") ?? "default",
    disableApiStop: flag(inputs, "disableApiStop") ?? false,
    disableApiTermination: flag(inputs, "disableApiTermination") ?? false,
    shutdownBehavior: text(inputs, "instanceInitiatedShutdownBehavior") ?? "stop",
    cpuCredits: creditsFrom(inputs),
    cpuOptions: defined({
      CoreCount: integer(part("cpuOptions"), "coreCount"),
      ThreadsPerCore: integer(part("cpuOptions"), "threadsPerCore"),
    }),
    autoRecovery: text(part("maintenanceOptions"), "autoRecovery") ?? "default",
    metadata: metadataFrom(part("metadataOptions")),
    privateDns: privateDnsFrom(part("privateDnsNameOptions")),
    rootVolume: volumeFrom(root),
    sourceDestCheck: flag(inputs, "sourceDestCheck") ?? true,
    tags,
    volumeTags: { ...textMap(inputs.volumeTags), ...textMap(root.tags) },
  };
}
