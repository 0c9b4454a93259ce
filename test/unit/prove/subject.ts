/** A sandbox that is not there: places for every host of prod, so that questions can be planned without packets. */
import type { NetworkPlan } from "../../../components/plan/model.ts";
import { networkOf, type ProvenNetwork } from "../../../cli/prove/network.ts";
import { mentionedPorts } from "../../../cli/prove/ports.ts";
import type { Mentioned } from "../../../cli/prove/questions.ts";
import type { Ground } from "../../../cli/prove/subjects.ts";
import { loadWorld } from "../../../sandbox/fabric/world.ts";
import type { Place } from "../../../sandbox/prove/places.ts";
import { planWith } from "../proof/subject.ts";

export function groundOf(plan: NetworkPlan): Ground {
  const places = plan.hosts.map(({ key }, index): Place => ({
    title: key,
    role: `h-${key.replace("/", "-")}`,
    publicAddress: `198.18.0.${index + 1}`,
    ipv6Address: `2001:db8:100::${index + 1}`,
    rulePorts: [],
  }));
  const nats = plan.regions.flatMap(({ natGateways }) => natGateways.map(({ key }) => key));
  return {
    world: loadWorld(),
    places: new Map(places.map((place) => [place.title, place])),
    nats: new Map(nats.map((key, index) => [key, `198.18.1.${index + 1}`])),
  };
}

export function mentionedBy({ plan }: ProvenNetwork): Mentioned {
  const ports = mentionedPorts(plan);
  return (name) => ports.get(name) ?? [];
}

export const prod: ProvenNetwork = networkOf(planWith());
