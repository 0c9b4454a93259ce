/** The resources of @pulumi/tls 5.6.1. */
import type { ResourceHandler } from "../shared/shell.ts";
import { checkInputs, markSecrets, withDefaults } from "../shared/table.ts";
import { revealMap } from "../shared/values.ts";
import {
  certRequestHandler,
  locallySignedCertHandler,
  planDifference,
  selfSignedCertHandler,
} from "./certificates.ts";
import { algorithms, generateKey, privateOpenSsh, privatePem, privatePkcs8Pem, publicForms } from "./keys.ts";
import { privateKey } from "./tables.ts";

const privateKeyHandler: ResourceHandler = {
  table: privateKey,
  check: (inputs) => checkInputs(privateKey, inputs, { defaults: false }),
  diff: (state, inputs) => planDifference(privateKey, state, inputs),
  create: async (_operation, inputs) => {
    const planned = revealMap(withDefaults(privateKey, inputs));
    const algorithm = algorithms.find((each) => each === planned.algorithm);
    const { rsaBits, ecdsaCurve } = planned;
    if (algorithm === undefined || typeof rsaBits !== "number" || typeof ecdsaCurve !== "string") {
      throw new Error(`Key Algorithm ${JSON.stringify(planned.algorithm)} is not supported`);
    }
    const key = await generateKey(algorithm, rsaBits, ecdsaCurve);
    const forms = publicForms(key);
    const state = {
      ...planned,
      privateKeyPem: privatePem(key),
      privateKeyPemPkcs8: privatePkcs8Pem(key),
      privateKeyOpenssh: privateOpenSsh(key),
      publicKeyPem: forms.pem,
      publicKeyOpenssh: forms.openSsh,
      publicKeyFingerprintMd5: forms.fingerprintMd5,
      publicKeyFingerprintSha256: forms.fingerprintSha256,
    };
    return { id: forms.id, state: markSecrets(privateKey, state) };
  },
};

/** All resource types; `clock` decides when a certificate begins and when it is due. */
export function tlsResources(clock: () => Date = () => new Date()): readonly ResourceHandler[] {
  return [
    privateKeyHandler,
    certRequestHandler,
    selfSignedCertHandler(clock),
    locallySignedCertHandler(clock),
  ];
}
