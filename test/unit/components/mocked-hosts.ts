/** What hosts answer in a run against Pulumi's mocks: enough of the agent to number its generations. */
import { createHash } from "node:crypto";

import { noAgent, type AskAnswer, type AskRequest } from "../../../components/hosts/ask-host.ts";
import type { HostPlanReport } from "../../../components/hosts/observation.ts";
import type { GenerationDocument } from "../../../components/plan/document.ts";

/** An asked host, the routes that it was asked on, and the document that it was asked about. */
export interface Asked {
  readonly host: string;
  readonly request: AskRequest;
  readonly document: GenerationDocument;
}

/** What a host answers when it is asked for its keys; without it they are those of its name. */
export type AnswerOfKeys = (host: string, request: AskRequest) => AskAnswer | undefined;

/** What a host answers when it is asked, instead of what it has been through in this run. */
export type AnswerOf = (asked: Asked) => AskAnswer | undefined;

/** @returns without a document where the host was asked for its keys. */
export function parseAsked(stdin: string): Omit<Asked, "document"> & Partial<Pick<Asked, "document">> {
  const request = JSON.parse(stdin) as AskRequest;
  const { host, question } = request;
  if (!("document" in question)) return { host, request };
  return { host, request, document: JSON.parse(question.document) as GenerationDocument };
}

/** What a host's keys are called, or its machine: 16 hexadecimal digits of its own. */
export function nameOf(host: string): string {
  return createHash("sha256").update(`name of ${host}`).digest("hex").slice(0, 16);
}

/** A report of a host that has nothing to say but what is given. */
export function reportOf(more: Partial<HostPlanReport>): HostPlanReport {
  const committed = { number: more.attempt ?? 0, digest: "" };
  return {
    ...{ format: "reef-plan/1", attempt: 0, numbers: {}, inOrder: false, committed },
    ...{ drift: [], couldNotCheck: [], difference: [] },
    ...more,
  };
}

/** Public halves that mean nothing, one per host, in the forms that the program checks. */
function meetingOf(host: string, create: string): string {
  const filler = Buffer.from(host.padEnd(51, ".").slice(0, 51)).toString("base64");
  const key = Buffer.from(host.padEnd(32, ".").slice(0, 32)).toString("base64");
  // Raspberry Pis stand at home.
  const architecture = host.startsWith("edge-") ? "arm64" : "amd64";
  const [, keys = ""] = / ([0-9a-f]{16})$/.exec(create) ?? [];
  const names = { machine: keys, keys };
  return JSON.stringify({
    architecture,
    hostKey: `ssh-ed25519 ${filler}`,
    wireguardPublicKey: key,
    ...names,
  });
}

/** The hosts of one run: bare at first, then what the run has applied. */
export class MockedHosts {
  readonly #attempts = new Map<string, number>();
  readonly #numbers = new Map<string, Record<string, number>>();
  readonly #isPreview: boolean;

  /** @param isPreview whether nothing is applied, and every resource says what it said when it last was. */
  constructor(isPreview: boolean) {
    this.#isPreview = isPreview;
  }

  /** What a command's resource prints; the host is what its name begins with. */
  said(name: string, create: string): string {
    const [site = "", hostName = "", ...rest] = name.split("/");
    const host = `${site}/${hostName}`;
    const step = rest[0] ?? "";
    switch (step) {
      case "meet":
      case "bootstrap":
      case "keys":
        return meetingOf(host, create);
      case "first-apply":
      case "apply":
        return this.#apply(host, create);
      case "certificate-request":
        return `-----BEGIN CERTIFICATE REQUEST-----\n${name}\n-----END CERTIFICATE REQUEST-----\n`;
      default:
        return "";
    }
  }

  #apply(host: string, create: string): string {
    const [, by = "", text = ""] = / apply --json --by (\S+) --number (\d+)$/.exec(create) ?? [];
    const number = Number(text);
    if (!this.#isPreview && !(number > (this.#attempts.get(host) ?? 0)))
      throw new Error(`${host}: ${create} is no next number`);
    this.#attempts.set(host, number);
    this.#numbers.set(host, { ...this.#numbers.get(host), [by]: number });
    const random = createHash("sha256").update(`${host} ${number}`).digest("hex").slice(0, 32);
    const token = `${number}-${random}`;
    return `${JSON.stringify({ generation: number, attempt: number, changed: true, token })}\n`;
  }

  /** Also by the last of the routes until something has been applied. */
  answerKeys({ host, routes }: AskRequest): AskAnswer {
    const isConfigured = this.#attempts.has(host) || this.#isPreview;
    const { name = "" } = (isConfigured ? routes[0] : routes.at(-1)) ?? {};
    return { reachedBy: name, said: `${isConfigured ? "kept" : "lost"} ${nameOf(host)}` };
  }

  /** By the last of the routes, which is there first, until something has been applied. */
  answer({ host, request }: Asked): AskAnswer {
    const attempt = this.#attempts.get(host);
    const [first, last] = [request.routes[0]?.name ?? "", request.routes.at(-1)?.name ?? ""];
    if (attempt === undefined) return { reachedBy: last, said: noAgent };
    const numbers = this.#numbers.get(host) ?? {};
    return { reachedBy: first, said: JSON.stringify(reportOf({ attempt, numbers })) };
  }
}
