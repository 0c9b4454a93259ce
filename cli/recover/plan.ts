/**
 * What the next update would create, from `pulumi preview --json`. A provider that died in mid-create leaves no note in
 * the state, since its engine lived on and recorded a failure; but what it made is what the next update would make.
 */
import type { PendingOperation, ResourceState } from "./state.ts";

interface PreviewStep {
  readonly op: string;
  readonly urn: string;
  readonly newState?: ResourceState;
}

/** How Pulumi writes a value that is known only after other resources are made. */
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const hidden: readonly unknown[] = [unknownValue, "[secret]", "[unknown]"];

/** Without what a preview cannot tell; reading the resource back fills it in. */
function knownInputs(inputs: ResourceState["inputs"]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs ?? {}).filter(([, value]) => !hidden.includes(value)));
}

/**
 * The creates of a preview, in the form in which a killed engine leaves them. Providers and components are left out:
 * they are nowhere but in the state.
 *
 * @param text what `pulumi preview --json` printed
 */
export function plannedCreates(text: string): PendingOperation[] {
  const { steps = [] } = JSON.parse(text) as { steps?: readonly PreviewStep[] };
  return steps.flatMap(({ op, newState }): PendingOperation[] => {
    if (op !== "create" && op !== "replace") return [];
    if (newState?.custom !== true || newState.type.startsWith("pulumi:")) return [];
    return [{ type: "creating", resource: { ...newState, inputs: knownInputs(newState.inputs) } }];
  });
}
