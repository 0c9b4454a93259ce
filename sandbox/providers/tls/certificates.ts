/** Requests and certificates: the resources of @pulumi/tls that are made of a key. */
import { createHash } from "node:crypto";
import type { Operation, ResourceHandler } from "../shared/shell.ts";
import { checkInputs, diffInputs, markSecrets, withDefaults } from "../shared/table.ts";
import type { Difference, ResourceTable } from "../shared/table.ts";
import { revealMap } from "../shared/values.ts";
import type { ValueMap } from "../shared/values.ts";
import { certificateTerms, subject, text, texts } from "./inputs.ts";
import { algorithmOf, parsePrivateKeyPem, trimSpace } from "./keys.ts";
import { generalNames, subjectName } from "./names.ts";
import { decodePem, encodePem } from "./pem.ts";
import { isDue, plannedReadiness, rfc3339 } from "./renewal.ts";
import { certRequest, locallySignedCert, replacesIfPem, selfSignedCert } from "./tables.ts";
import { createRequest, issueCertificate, publicKeyInfo, readAuthority, readRequest } from "./x509.ts";
import type { Issued } from "./x509.ts";

const pemText = /^-----BEGIN [A-Za-z ]+-----\n[\s\S]+\n-----END [A-Za-z ]+-----\n?$/;

/**
 * Compares as upstream's plan does: with defaults, and without regard to what is marked secret. A PEM input replaces
 * only where the state holds a PEM text.
 */
export function planDifference(table: ResourceTable, state: ValueMap, inputs: ValueMap): Difference {
  const before = revealMap(state);
  const { changed, replaces } = diffInputs(table, before, revealMap(withDefaults(table, inputs)));
  // A length of path that the program does not state is taken from the state.
  const kept = (key: string) => key === "maxPathLength" && inputs[key] === undefined;
  const updates = (key: string) => {
    const value = before[key];
    return replacesIfPem.includes(key) && typeof value === "string" && !pemText.test(value);
  };
  return {
    changed: changed.filter((key) => !kept(key)),
    replaces: replaces.filter((key) => !kept(key) && !updates(key)),
  };
}

function alternativeNames(planned: ValueMap) {
  return generalNames({
    dnsNames: texts(planned, "dnsNames"),
    ipAddresses: texts(planned, "ipAddresses"),
    uris: texts(planned, "uris"),
  });
}

function explain<T>(what: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

const parseKey = (pem: string, what: string) =>
  explain(`Failed to parse ${what} PEM`, () => parsePrivateKeyPem(pem));

export const certRequestHandler: ResourceHandler = {
  table: certRequest,
  check: (inputs) => checkInputs(certRequest, inputs, { defaults: false }),
  diff: (state, inputs) => planDifference(certRequest, state, inputs),
  create: (_operation, inputs) => {
    const planned = revealMap(inputs);
    const key = parseKey(text(planned, "privateKeyPem"), "private key");
    const der = createRequest(subjectName(subject(planned)), alternativeNames(planned), key);
    const state = {
      ...planned,
      keyAlgorithm: algorithmOf(key),
      certRequestPem: encodePem("CERTIFICATE REQUEST", der),
    };
    const id = createHash("sha1")
      .update(trimSpace(Buffer.from(der)))
      .digest("hex");
    return Promise.resolve({ id, state: markSecrets(certRequest, state) });
  },
  update: (_operation, _id, state, inputs) =>
    Promise.resolve(markSecrets(certRequest, { ...outputsOf(certRequest, state), ...revealMap(inputs) })),
};

function outputsOf(table: ResourceTable, state: ValueMap): ValueMap {
  const computed = ([key]: [string, unknown]) => table.properties[key]?.presence === "computed";
  return revealMap(Object.fromEntries(Object.entries(state).filter(computed)));
}

interface Signed {
  readonly issued: Issued;
  /** The algorithm of the key that signed, under the property's name. */
  readonly algorithm: ValueMap;
}

/** The life of a certificate: the same for both kinds, apart from who signs. */
function certificateHandler(
  table: ResourceTable,
  issue: (planned: ValueMap, operation: Operation) => Signed,
  clock: () => Date,
): ResourceHandler {
  return {
    table,
    check: (inputs) => checkInputs(table, inputs, { defaults: false }),
    diff: (state, inputs) => {
      const { changed, replaces } = planDifference(table, state, inputs);
      const planned = revealMap(withDefaults(table, inputs));
      if (isDue(revealMap(state), planned, clock())) {
        return {
          changed: [...changed, "readyForRenewal"],
          replaces: [...replaces, "readyForRenewal"],
        };
      }
      const ready = state.readyForRenewal === plannedReadiness(planned);
      return { changed: ready ? changed : [...changed, "readyForRenewal"], replaces };
    },
    create: (operation, inputs) => {
      const planned = revealMap(withDefaults(table, inputs));
      const { issued, algorithm } = issue(planned, operation);
      const state = {
        ...planned,
        ...algorithm,
        certPem: encodePem("CERTIFICATE", issued.der),
        readyForRenewal: plannedReadiness(planned),
        validityStartTime: rfc3339(issued.notBefore),
        validityEndTime: rfc3339(issued.notAfter),
      };
      return Promise.resolve({ id: issued.serial.toString(), state: markSecrets(table, state) });
    },
    update: (_operation, _id, state, inputs) => {
      const planned = revealMap(withDefaults(table, inputs));
      const updated = {
        ...outputsOf(table, state),
        ...planned,
        readyForRenewal: plannedReadiness(planned),
      };
      return Promise.resolve(markSecrets(table, updated));
    },
    read: (_id, state) => {
      const known = revealMap(state);
      if (typeof known.certPem !== "string") return Promise.resolve(undefined);
      const due = isDue(known, known, clock());
      const inputs = Object.fromEntries(
        Object.entries(state).filter(([key]) => table.properties[key]?.presence !== "computed"),
      );
      return Promise.resolve({ state: due ? { ...state, readyForRenewal: true } : state, inputs });
    },
  };
}

export function selfSignedCertHandler(clock: () => Date): ResourceHandler {
  return certificateHandler(
    selfSignedCert,
    (planned) => {
      const key = parseKey(text(planned, "privateKeyPem"), "private key");
      const subscriber = {
        name: subjectName(subject(planned)),
        alternativeNames: alternativeNames(planned),
        publicKey: publicKeyInfo(key),
      };
      const issued = issueCertificate(subscriber, { self: key }, certificateTerms(planned), clock());
      return { issued, algorithm: { keyAlgorithm: algorithmOf(key) } };
    },
    clock,
  );
}

export function locallySignedCertHandler(clock: () => Date): ResourceHandler {
  return certificateHandler(
    locallySignedCert,
    (planned, operation) => {
      const subscriber = explain("Failed to parse certificate request PEM", () =>
        readRequest(decodePem(text(planned, "certRequestPem"), "CERTIFICATE REQUEST")),
      );
      const key = parseKey(text(planned, "caPrivateKeyPem"), "CA private key");
      const certificate = explain("Failed to parse CA certificate PEM", () =>
        decodePem(text(planned, "caCertPem"), "CERTIFICATE"),
      );
      const authority = explain("Failed to create certificate", () => readAuthority(certificate, key));
      if (!authority.isCa) {
        operation.log(
          "warning",
          "Potentially Invalid Certificate Authority: Certificate provided as Authority does not appear to be a valid Certificate Authority. The resulting certificate might fail certificate validation.",
        );
      }
      const issued = issueCertificate(subscriber, authority, certificateTerms(planned), clock());
      return { issued, algorithm: { caKeyAlgorithm: algorithmOf(key) } };
    },
    clock,
  );
}
