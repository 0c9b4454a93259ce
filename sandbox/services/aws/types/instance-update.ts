/** What can change about a running instance, in the order in which upstream changes it (resourceInstanceUpdate). */
import type { Ec2 } from "../ec2/account.ts";
import {
  giveInstanceProfile,
  modifyInstance,
  modifyInstanceAttributes,
  modifyInterface,
  modifyRootVolume,
  primaryInterface,
  restartInstance,
  rootVolume,
  setSecondaryAddresses,
} from "../ec2/instances.ts";
import { setIpv6AddressCount, setIpv6Addresses } from "../ec2/ipv6.ts";
import { replaceTags } from "../ec2/tags.ts";
import { ApiError, during, ProviderError } from "../errors.ts";
import { flag, integer, object, text, texts, type Json } from "../json.ts";
import type { Change } from "../table.ts";
import { encodedUserData, metadataFrom, privateDnsFrom, textMap, volumeFrom } from "./instance-inputs.ts";

export function updateInstance(ec2: Ec2, id: string, change: Change): void {
  during(`updating EC2 Instance (${id})`, () => {
    updateNetwork(ec2, id, change);
    updateStopped(ec2, id, change);
    updateSettings(ec2, id, change);
    updateVolume(ec2, id, change);
  });
}

function updateNetwork(ec2: Ec2, id: string, { after, changed }: Change): void {
  const profile = text(after, "iamInstanceProfile");
  if (changed.has("iamInstanceProfile") && profile !== undefined) giveInstanceProfile(ec2, id, profile);
  if (changed.has("sourceDestCheck")) {
    modifyInterface(ec2, id, { sourceDestCheck: flag(after, "sourceDestCheck") ?? true });
  }
  if (changed.has("secondaryPrivateIps")) {
    setSecondaryAddresses(ec2, id, texts(after, "secondaryPrivateIps"));
  }
  if (changed.has("ipv6Addresses")) {
    setIpv6Addresses(ec2, primaryInterface(ec2, id), texts(after, "ipv6Addresses"));
  } else if (changed.has("ipv6AddressCount")) {
    setIpv6AddressCount(ec2, primaryInterface(ec2, id), integer(after, "ipv6AddressCount") ?? 0);
  }
  if (changed.has("vpcSecurityGroupIds")) {
    const groupIds = texts(after, "vpcSecurityGroupIds");
    if (groupIds.length === 0) {
      throw new ProviderError("VPC-based instances require at least one security group to be attached.");
    }
    modifyInterface(ec2, id, { groupIds });
  }
}

/** What needs the instance to be stopped and started again, once for each attribute. */
function updateStopped(ec2: Ec2, id: string, { after, changed }: Change): void {
  const instanceType = text(after, "instanceType");
  if (changed.has("instanceType") && instanceType !== undefined) {
    restartInstance(ec2, id);
    modifyInstance(ec2, id, { InstanceType: instanceType });
  }
  if (changed.has("userData") || changed.has("userDataBase64")) {
    restartInstance(ec2, id);
    modifyInstanceAttributes(ec2, id, { UserData: encodedUserData(after) });
  }
  const cpu = object(after, "cpuOptions");
  if (changed.has("cpuOptions") && cpu !== undefined) {
    restartInstance(ec2, id);
    const { CpuOptions: old } = ec2.find("ModifyInstanceCpuOptions", "instances", id);
    modifyInstance(ec2, id, {
      CpuOptions: {
        CoreCount: integer(cpu, "coreCount") ?? old.CoreCount,
        ThreadsPerCore: integer(cpu, "threadsPerCore") ?? old.ThreadsPerCore,
      },
    });
  }
}

function updateSettings(ec2: Ec2, id: string, { after, changed }: Change): void {
  const part = (name: string): Record<string, Json> => object(after, name) ?? {};
  const old = ec2.find("DescribeInstances", "instances", id);
  if (changed.has("disableApiStop")) {
    modifyInstanceAttributes(ec2, id, { DisableApiStop: flag(after, "disableApiStop") ?? false });
  }
  if (changed.has("disableApiTermination")) {
    modifyInstanceAttributes(ec2, id, {
      DisableApiTermination: flag(after, "disableApiTermination") ?? false,
    });
  }
  const behavior = text(after, "instanceInitiatedShutdownBehavior");
  if (changed.has("instanceInitiatedShutdownBehavior") && behavior !== undefined) {
    if (behavior !== "stop" && behavior !== "terminate") {
      throw new ApiError(
        "ModifyInstanceAttribute",
        "InvalidParameterValue",
        `Invalid value '${behavior}' for instanceInitiatedShutdownBehavior.`,
      );
    }
    modifyInstanceAttributes(ec2, id, { InstanceInitiatedShutdownBehavior: behavior });
  }
  if (changed.has("maintenanceOptions")) {
    const autoRecovery = text(part("maintenanceOptions"), "autoRecovery") ?? "default";
    modifyInstance(ec2, id, { MaintenanceOptions: { AutoRecovery: autoRecovery } });
  }
  if (changed.has("monitoring")) {
    modifyInstance(ec2, id, {
      Monitoring: { State: flag(after, "monitoring") === true ? "enabled" : "disabled" },
    });
  }
  const credits = text(part("creditSpecification"), "cpuCredits");
  if (changed.has("creditSpecification") && (credits === "standard" || credits === "unlimited")) {
    modifyInstanceAttributes(ec2, id, { CpuCredits: credits });
  }
  if (changed.has("metadataOptions")) {
    const metadata = { ...old.MetadataOptions, ...metadataFrom(part("metadataOptions")) };
    modifyInstance(ec2, id, { MetadataOptions: metadata });
  }
  if (changed.has("privateDnsNameOptions")) {
    const dns = { ...old.PrivateDnsNameOptions, ...privateDnsFrom(part("privateDnsNameOptions")) };
    modifyInstance(ec2, id, { PrivateDnsNameOptions: dns });
  }
}

function updateVolume(ec2: Ec2, id: string, { after, changed }: Change): void {
  const root = object(after, "rootBlockDevice");
  const volume = rootVolume(ec2, id);
  if (changed.has("rootBlockDevice") && root !== undefined) {
    refuseUnsupported(root);
    modifyRootVolume(ec2, id, volumeFrom(root));
  }
  if ((changed.has("rootBlockDevice") || changed.has("volumeTags")) && volume !== undefined) {
    replaceTags(ec2, volume.VolumeId, { ...textMap(after.volumeTags), ...textMap(root?.tags) });
  }
}

function refuseUnsupported(root: Record<string, Json>): void {
  const type = text(root, "volumeType") ?? "gp2";
  if ((integer(root, "iops") ?? 0) !== 0 && !["io1", "io2", "gp3"].includes(type)) {
    throw new ProviderError(`updating instance: iops attribute not supported for type ${type}`);
  }
  if ((integer(root, "throughput") ?? 0) !== 0 && type !== "gp3") {
    throw new ProviderError(`updating instance: throughput attribute not supported for type ${type}`);
  }
}
