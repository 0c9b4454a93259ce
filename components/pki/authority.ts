import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

import type { CertificatePlan } from "../plan/generation.ts";
import type { NetworkPlan } from "../plan/model.ts";
import type { SymbolTable } from "../resolve.ts";

const hoursPerDay = 24;
const authorityDays = 3650;
/** Certificates of hosts, and how long before their end an update renews them. */
const certificateDays = 365;
const renewalDays = 30;

export interface AuthorityArgs {
  /** Who the certificates are for: `BlackRoad`. */
  readonly organization: string;
}

/**
 * The stack's certificate authority. Its key is in the state, encrypted; those of the certificates are not: each host
 * makes its own, and only a request reaches the program.
 *
 * A certificate is renewed by the first update in the last {@link renewalDays} days of its time.
 */
export class Authority extends pulumi.ComponentResource {
  /** PEM. */
  readonly certificate: pulumi.Output<string>;
  readonly #key: tls.PrivateKey;

  constructor(name: string, { organization }: AuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:pki:Authority", name, {}, opts);
    this.#key = new tls.PrivateKey(
      `${name}/key`,
      { algorithm: "ECDSA", ecdsaCurve: "P256" },
      { parent: this },
    );
    const root = new tls.SelfSignedCert(
      `${name}/root`,
      {
        privateKeyPem: this.#key.privateKeyPem,
        isCaCertificate: true,
        subject: { commonName: `${organization} ${pulumi.getStack()} CA`, organization },
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
        validityPeriodHours: authorityDays * hoursPerDay,
        setSubjectKeyId: true,
      },
      { parent: this },
    );
    this.certificate = root.certPem;
    this.registerOutputs({ certificate: this.certificate });
  }

  /**
   * Signs a host's request. Names and addresses are those of the request, which the program has asked for.
   * @returns the certificate, then the authority's own (PEM).
   */
  sign(
    name: string,
    request: pulumi.Input<string>,
    { usages }: Pick<CertificatePlan, "usages">,
    opts?: pulumi.CustomResourceOptions,
  ): pulumi.Output<string> {
    const signed = new tls.LocallySignedCert(
      name,
      {
        certRequestPem: request,
        caPrivateKeyPem: this.#key.privateKeyPem,
        caCertPem: this.certificate,
        allowedUses: ["digital_signature", ...usages.map((usage) => `${usage}_auth`)],
        validityPeriodHours: certificateDays * hoursPerDay,
        earlyRenewalHours: renewalDays * hoursPerDay,
        setSubjectKeyId: true,
      },
      opts,
    );
    return pulumi.concat(signed.certPem, this.certificate);
  }
}

/** The authority that the plan's hosts need, if any, with its certificate's symbol. */
export function createAuthority(plan: NetworkPlan, symbols: SymbolTable): Authority | undefined {
  if (!plan.hosts.some(({ generation }) => generation.certificates.length > 0)) return undefined;
  const authority = new Authority("ca", { organization: "BlackRoad" });
  symbols.define({ kind: "ca-certificate" }, authority.certificate);
  return authority;
}
