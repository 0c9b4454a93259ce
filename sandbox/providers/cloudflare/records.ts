/** DNS records. Source: terraform-provider-cloudflare v5.22.0, `internal/services/dns_record/resource.go`. */
import type { ValueMap } from "../shared/values.ts";
import { RequestError, type Envelope } from "./api.ts";
import { complete, objectFromApi } from "./attributes.ts";
import { createBody, makePlan, settle, updateBody } from "./plan.ts";
import { modifyRecordPlan, normaliseSettings } from "./record-plan.ts";
import { splitImportId, textOf, type Found, type ResourceType } from "./resource.ts";
import { dnsRecordTable } from "./tables.ts";

const { attributes } = dnsRecordTable;

function path(state: ValueMap, id?: string): string {
  const zone = encodeURIComponent(textOf(state, "zoneId"));
  return `/zones/${zone}/dns_records${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
}

function query(state: ValueMap): { readonly query?: Readonly<Record<string, string>> } {
  return state.includeShadowMetadata === true ? { query: { include_shadow_metadata: "true" } } : {};
}

function answerOf(envelope: Envelope): ValueMap {
  return objectFromApi(attributes, envelope.result as Readonly<Record<string, unknown>>);
}

/** The zone's name, which the API leaves out of a record, from a short name and what the API made of it. */
function deriveZoneName(prior: Found, name: unknown): string | undefined {
  const before = prior.state.name;
  if (typeof before !== "string" || typeof name !== "string") return prior.zoneName;
  const [short, long] = [before.replace(/\.$/, ""), name.replace(/\.$/, "")];
  return short !== "" && long.startsWith(`${short}.`) ? long.slice(short.length + 1) : prior.zoneName;
}

export const dnsRecordType: ResourceType = {
  table: dnsRecordTable,
  schemaVersion: 500,
  check: (inputs) => {
    if ((inputs.content ?? null) === null || (inputs.data ?? null) === null) return [];
    const reason = (name: string, other: string) =>
      `Attribute "${other}" cannot be specified when "${name}" is specified`;
    return [
      { property: "content", reason: reason("content", "data") },
      { property: "data", reason: reason("data", "content") },
    ];
  },
  plan: (prior, inputs) =>
    makePlan(dnsRecordTable, prior?.state, inputs, (planned, before) =>
      modifyRecordPlan(planned, before, prior?.zoneName),
    ),
  create: async (api, planned) => {
    if (planned.proxied === true && planned.ttl !== 1) {
      throw new Error(
        "ttl must be set to 1 when `proxied` is true: When a DNS record is marked as `proxied` the TTL must be 1 as Cloudflare will control the TTL internally.",
      );
    }
    const body = createBody(attributes, planned);
    const envelope = await api.request("POST", path(planned), { ...query(planned), body });
    return normaliseSettings(settle(attributes, planned, answerOf(envelope)));
  },
  update: async (api, planned, prior) => {
    const before = complete(attributes, prior);
    const body = updateBody(attributes, planned, before);
    const envelope = await api.request("PUT", path(planned, textOf(prior, "id")), {
      ...query(planned),
      body,
    });
    return normaliseSettings(settle(attributes, planned, answerOf(envelope)));
  },
  read: async (api, prior) => {
    const { state } = prior;
    let envelope: Envelope;
    try {
      envelope = await api.request("GET", path(state, textOf(state, "id")), query(state));
    } catch (error) {
      if (error instanceof RequestError && error.status === 404) return undefined;
      throw error;
    }
    const answer = answerOf(envelope);
    const { zoneId = null, includeShadowMetadata = false } = state;
    return {
      state: normaliseSettings({ ...answer, zoneId, includeShadowMetadata }),
      zoneName: deriveZoneName(prior, answer.name),
    };
  },
  imported: (id) => {
    const [zoneId = "", recordId = ""] = splitImportId(id, "zone_id", "dns_record_id");
    return { id: recordId, zoneId };
  },
  delete: async (api, state) => {
    await api.request("DELETE", path(state, textOf(state, "id")));
  },
};
