/** A resource type with what all of them have. */
import { ProviderError } from "../errors.ts";
import { regionProperty, tagProperties, type ResourceType } from "../table.ts";
import { resourceTypes } from "./index.ts";

/** @throws ProviderError if the simulator has no table for the type. */
export function findType(token: string): ResourceType {
  const type = resourceTypes.get(token);
  if (type === undefined) {
    throw new ProviderError(
      `the sandbox's AWS has no resource type ${token}: it has no table of that type's properties. ` +
        `It has ${[...resourceTypes.keys()].sort().join(", ")}`,
    );
  }
  return withCommonProperties(type);
}

function withCommonProperties(type: ResourceType): ResourceType {
  return {
    ...type,
    properties: {
      ...type.properties,
      ...(type.tagged ? tagProperties : {}),
      ...(type.global === true ? {} : { region: regionProperty }),
    },
  };
}
