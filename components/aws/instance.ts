import * as pulumi from "@pulumi/pulumi";

import { ipv6Address } from "../config/ipv6.ts";
import { found } from "../lookup.ts";
import type { HostPlan, InstancePlan } from "../plan/model.ts";
import * as regional from "./regional.ts";
import type { SecurityGroups } from "./security-groups.ts";
import type { Vpc } from "./vpc.ts";

export interface InstanceArgs {
  readonly host: HostPlan;
  readonly instance: InstancePlan;
  readonly vpc: Vpc;
  readonly securityGroups: SecurityGroups;
  /** Name of the instance profile; `undefined` for none. */
  readonly profile: pulumi.Output<string> | undefined;
  /** Cloud-config with the throw-away host key: secret. */
  readonly userData: pulumi.Input<string>;
}

/** An EC2 instance with a fixed private address and, where the plan asks for it, an Elastic IP. */
export class Instance extends pulumi.ComponentResource {
  /** Changes when the instance is replaced, and only then. */
  readonly id: pulumi.Output<string>;
  readonly interfaceId: pulumi.Output<string>;
  /** `undefined` where the instance has no public address. */
  readonly publicAddress: pulumi.Output<string> | undefined;
  /** `undefined` where it has no IPv6 address. */
  readonly ipv6Address: pulumi.Output<string> | undefined;
  /** What must exist before the instance can be reached. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: InstanceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:aws:Instance", name, {}, opts);
    const region = args.vpc.plan.awsRegion;
    const tags = { Name: name, site: args.vpc.plan.key };

    this.ipv6Address = ipv6AddressOf(args);
    const instance = this.#createInstance(name, args);
    this.id = instance.id;
    this.interfaceId = instance.primaryNetworkInterfaceId;
    const ready: pulumi.Resource[] = [instance, ...args.vpc.ready, ...args.securityGroups.rules];
    if (args.instance.elasticIp) {
      const dependsOn = [args.vpc.internetGateway];
      const eip = new regional.Eip(name, { region, domain: "vpc", tags }, { parent: this, dependsOn });
      // Associated by a resource of its own, so that the address outlives the instance.
      const association = new regional.EipAssociation(
        name,
        { region, allocationId: eip.id, instanceId: instance.id },
        { parent: this, dependsOn },
      );
      this.publicAddress = eip.publicIp;
      ready.push(association);
    } else {
      this.publicAddress = launchesWithPublicAddress(args) ? instance.publicIp : undefined;
    }
    this.ready = ready;
    this.registerOutputs({ id: this.id, interfaceId: this.interfaceId, publicAddress: this.publicAddress });
  }

  #createInstance(name: string, args: InstanceArgs) {
    const { host, instance, vpc, securityGroups, profile } = args;
    const tags = { Name: name, site: vpc.plan.key };
    return new regional.Instance(
      name,
      {
        region: vpc.plan.awsRegion,
        ami: instance.ami,
        instanceType: instance.instanceType,
        subnetId: found(vpc.subnetIds, instance.subnet, "subnet"),
        privateIp: host.address,
        ...(this.ipv6Address === undefined ? {} : { ipv6Addresses: [this.ipv6Address] }),
        vpcSecurityGroupIds: instance.securityGroups.map((key) =>
          found(securityGroups.ids, key, "security group"),
        ),
        sourceDestCheck: instance.sourceDestCheck,
        ...(profile === undefined ? {} : { iamInstanceProfile: profile }),
        // Session tokens only (IMDSv2), and not through a forwarding hop.
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        rootBlockDevice: {
          encrypted: true,
          volumeType: "gp3",
          volumeSize: instance.rootVolumeGiB,
          deleteOnTermination: true,
          tags,
        },
        userData: args.userData,
        tags,
      },
      {
        parent: this,
        // The private address is fixed, so the old instance must give it up first.
        deleteBeforeReplace: true,
        // Cloud-config counts at the first boot only; a change would stop and start the instance for nothing. A
        // replacement takes the new text: the engine ignores changes for updates, not for replacements.
        ignoreChanges: ["userData"],
        additionalSecretOutputs: ["userData", "userDataBase64"],
        dependsOn: [vpc.internetGateway],
      },
    );
  }
}

/** The address that the plan's number has in the instance's subnet. */
function ipv6AddressOf({ instance, vpc }: InstanceArgs): pulumi.Output<string> | undefined {
  const { ipv6Number, subnet } = instance;
  if (ipv6Number === undefined) return undefined;
  const network = found(vpc.ipv6Networks, subnet, "IPv6 network");
  return network.apply((known) => ipv6Address(known, ipv6Number));
}

function launchesWithPublicAddress(args: InstanceArgs): boolean {
  const subnet = args.vpc.plan.subnets.find((candidate) => candidate.key === args.instance.subnet);
  return subnet?.mapPublicIpOnLaunch === true;
}
