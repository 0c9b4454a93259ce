/** Networks that the parts of hosts' roles speak of. */

/** What the network guide's firewall calls the internal network. */
export const internalNetworks: readonly string[] = ["10.0.0.0/8", "192.168.0.0/16"];

/** The network guide's public resolvers, for machines and hubs: `static domain_name_servers=1.1.1.1 8.8.8.8`. */
export const publicResolvers: readonly string[] = ["1.1.1.1", "8.8.8.8"];
