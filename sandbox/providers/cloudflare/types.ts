/** The resource types that the stand-in knows. */
import { accessTypes } from "./access.ts";
import { balancingTypes } from "./load-balancing.ts";
import { dnsRecordType } from "./records.ts";
import type { ResourceType } from "./resource.ts";
import { rulesetType } from "./rulesets.ts";
import { tunnelTypes } from "./tunnels.ts";
import { zoneDnssecType, zoneSettingType } from "./zone-settings.ts";
import { zoneType } from "./zones.ts";

export const resourceTypes: readonly ResourceType[] = [
  zoneType,
  dnsRecordType,
  zoneSettingType,
  zoneDnssecType,
  rulesetType,
  ...tunnelTypes,
  ...balancingTypes,
  ...accessTypes,
];
