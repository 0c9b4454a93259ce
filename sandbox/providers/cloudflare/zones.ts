/** Zones. Source: terraform-provider-cloudflare v5.22.0, `internal/services/zone/resource.go`. */
import type { ValueMap } from "../shared/values.ts";
import { RequestError, type Envelope } from "./api.ts";
import { complete, objectFromApi } from "./attributes.ts";
import { createBody, makePlan, patchBody, settle } from "./plan.ts";
import { splitImportId, textOf, type ResourceType } from "./resource.ts";
import { zoneTable } from "./tables.ts";

const { attributes } = zoneTable;

function path(state: ValueMap): string {
  return `/zones/${encodeURIComponent(textOf(state, "id"))}`;
}

function answerOf(envelope: Envelope): ValueMap {
  const answer = objectFromApi(attributes, envelope.result as Readonly<Record<string, unknown>>);
  if (typeof answer.id === "string" && answer.id !== "") return answer;
  throw new Error("Zone API returned empty or null zone ID");
}

export const zoneType: ResourceType = {
  table: zoneTable,
  schemaVersion: 500,
  check: () => [],
  plan: (prior, inputs) => makePlan(zoneTable, prior?.state, inputs, (planned) => planned),
  create: async (api, planned) => {
    const body = createBody(attributes, planned);
    return settle(attributes, planned, answerOf(await api.request("POST", "/zones", { body })));
  },
  update: async (api, planned, prior) => {
    const body = patchBody(attributes, planned, complete(attributes, prior));
    return settle(attributes, planned, answerOf(await api.request("PATCH", path(prior), { body })));
  },
  read: async (api, { state }) => {
    try {
      return { state: answerOf(await api.request("GET", path(state))) };
    } catch (error) {
      if (error instanceof RequestError && error.status === 404) return undefined;
      throw error;
    }
  },
  imported: (id) => ({ id: splitImportId(id, "zone_id")[0] ?? "" }),
  delete: async (api, state) => {
    await api.request("DELETE", path(state));
  },
};
