/** Changes of instances' network interfaces: their check of addresses, their groups, their address on the internet. */
import type { HostPlan, InstancePlan, RegionPlan } from "../../components/plan/model.ts";
import { describedAddress, describedInstance, groupId } from "./described-names.ts";
import { withHost, type Draw, type Mutation } from "./mutation.ts";

interface Instance {
  readonly host: HostPlan;
  readonly instance: InstancePlan;
  readonly region: RegionPlan;
}

function instances({ plan }: Draw): Instance[] {
  return plan.hosts.flatMap((host) => {
    const region = plan.regions.find(({ key }) => key === host.site);
    const { instance } = host;
    return region === undefined || instance === undefined ? [] : [{ host, instance, region }];
  });
}

function withInstance({ plan }: Draw, { host }: Instance, change: Partial<InstancePlan>): Mutation["plan"] {
  return withHost(plan, host.key, (one) => ({
    ...one,
    instance: one.instance === undefined ? undefined : { ...one.instance, ...change },
  }));
}

/** AWS checks the addresses of an instance that is to forward. */
export function addressCheck(draw: Draw): Mutation | undefined {
  const chosen = draw.pick(instances(draw).filter(({ instance }) => !instance.sourceDestCheck));
  if (chosen === undefined) return undefined;
  const { host, region } = chosen;
  return {
    words: `source/destination check of ${host.key} is on`,
    plan: withInstance(draw, chosen, { sourceDestCheck: true }),
    apply: async ({ drift, describe }) => {
      const { InstanceId: id } = describedInstance(await describe(), region, host.key);
      const modify = { region: region.awsRegion, action: "modify", id } as const;
      await drift({ ...modify, set: { sourceDestCheck: true } });
      return async () => {
        await drift({ ...modify, set: { sourceDestCheck: false } });
      };
    },
  };
}

/** Security groups of an interface: AWS's default quota. */
const mostGroups = 5;

/** An instance leaves a security group, or joins one. */
export function membership(draw: Draw): Mutation | undefined {
  const chosen = draw.pick(instances(draw));
  if (chosen === undefined) return undefined;
  const { host, instance, region } = chosen;
  const { securityGroups: own } = instance;
  const others = region.securityGroups.map(({ key }) => key).filter((key) => !own.includes(key));
  const group = draw.pick([...(own.length > 1 ? own : []), ...(own.length < mostGroups ? others : [])]);
  if (group === undefined) return undefined;
  const isLeft = own.includes(group);
  const after = isLeft ? own.filter((each) => each !== group) : [...own, group];
  return {
    words: `${host.key} ${isLeft ? "leaves" : "joins"} the group ${group}`,
    plan: withInstance(draw, chosen, { securityGroups: after }),
    apply: async ({ drift, describe }) => {
      const description = await describe();
      const { InstanceId: id } = describedInstance(description, region, host.key);
      const join = async (groups: readonly string[]): Promise<void> => {
        const vpcSecurityGroupIds = groups.map((key) => groupId(description, region, key));
        await drift({ region: region.awsRegion, action: "modify", id, set: { vpcSecurityGroupIds } });
      };
      await join(after);
      return async () => {
        await join(own);
      };
    },
  };
}

/** An instance has no address on the internet any more. Its association comes back under another id. */
export function publicAddress(draw: Draw): Mutation | undefined {
  const chosen = draw.pick(instances(draw).filter(({ instance }) => instance.elasticIp));
  if (chosen === undefined) return undefined;
  const { host, region } = chosen;
  return {
    words: `${host.key} has no Elastic IP`,
    plan: withInstance(draw, chosen, { elasticIp: false }),
    apply: async ({ drift, describe }) => {
      const description = await describe();
      const { InstanceId: instanceId } = describedInstance(description, region, host.key);
      const { allocationId, associationId } = describedAddress(description, region, instanceId);
      const where = { region: region.awsRegion };
      await drift({ ...where, action: "delete", id: associationId });
      return async () => {
        const type = "aws:ec2/eipAssociation:EipAssociation";
        await drift({ ...where, action: "create", type, set: { allocationId, instanceId } });
      };
    },
  };
}
