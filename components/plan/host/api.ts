/** What answers on an api host: the services of the network guide, by HTTP and WebSockets. */
import type { GenerationPart } from "../generation.ts";
import { apiPort, websocketPort } from "./balancer.ts";
import { ownedService, type OwnedService } from "./owned-service.ts";

/** The network guide's services by their ports. The second is where its load balancers send WebSockets. */
const services = [
  { name: "agent-service", port: apiPort },
  { name: "memory-service", port: websocketPort },
];

/** What the guide's group `internal` opens. */
const clients = ["10.0.0.0/8"];

export function api(
  host: Pick<OwnedService, "software" | "hostname" | "site" | "address" | "stores">,
): GenerationPart {
  return ownedService({ ...host, description: "The API and its WebSockets", services, clients });
}
