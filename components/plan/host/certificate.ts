/** A certificate of a host: key and request are made there, and the program's CA signs. */
import type { CertificatePlan, GenerationPart } from "../generation.ts";
import { plainFile } from "./file.ts";

/** The certificate with the file that holds it; the key's file is the host's own affair. */
export function certificate(host: string, plan: CertificatePlan): GenerationPart {
  return {
    certificates: [plan],
    files: [plainFile(plan.certificatePath, { kind: "certificate", host, name: plan.name })],
  };
}
