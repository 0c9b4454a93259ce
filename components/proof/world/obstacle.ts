/** What stopped packets, for whoever looks for the change that would let them go on. */
export type Obstacle =
  | {
      readonly kind: "security-group";
      readonly host: string;
      readonly direction: "ingress" | "egress";
    }
  | {
      readonly kind: "network-acl";
      /** Key of the subnet that it stands around. */
      readonly subnet: string;
      readonly direction: "ingress" | "egress";
    }
  | {
      readonly kind: "nftables";
      readonly host: string;
      readonly hook: "input" | "forward" | "output";
    }
  /** The subnet's route table leads nowhere, or to where the packets cannot go. */
  | { readonly kind: "subnet-route"; readonly subnet: string }
  /** A private address came out on the internet, or to a router that is not ours. */
  | { readonly kind: "private-outside" }
  | { readonly kind: "host-route"; readonly host: string }
  /** An instance without a public address sends to the internet by an internet gateway. */
  | { readonly kind: "no-public-address"; readonly host: string }
  /** AWS's source/destination check of an instance that would have to forward. */
  | { readonly kind: "address-check"; readonly host: string }
  /** The kernel passes nothing on. */
  | { readonly kind: "forwarding"; readonly host: string }
  /** At the host, no peer's AllowedIPs have the address; or those of the one that sends do not. */
  | { readonly kind: "allowed-ips"; readonly host: string; readonly peer: string | undefined }
  | { readonly kind: "tunnel-down"; readonly host: string; readonly peer: string };
