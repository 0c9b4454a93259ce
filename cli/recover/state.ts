/**
 * What a killed update leaves in a stack's state, and how it is mended. Pure: takes and gives the JSON of
 * `pulumi stack export`.
 *
 * The engine notes an operation before it calls the provider and strikes the note when the answer is recorded. An
 * engine that dies in between leaves the note: a *pending create* may or may not have made something, under an id
 * that nobody wrote down.
 */

/** One resource as `pulumi stack export` writes it; fields that recovery does not touch are kept as they are. */
export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean;
  readonly id?: string;
  /** It is to be deleted: the older half of a replacement. */
  readonly delete?: boolean;
  /** It has been deleted, and the newer half of its replacement is not made yet. */
  readonly pendingReplacement?: boolean;
  /** The engine reads it back before it plans the next update. */
  readonly refreshBeforeUpdate?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export type PendingKind = "creating" | "updating" | "deleting" | "reading" | "importing";

export interface PendingOperation {
  readonly type: PendingKind;
  readonly resource: ResourceState;
}

export interface StackExport {
  readonly version: number;
  readonly deployment: {
    /** When the state was written last. */
    readonly manifest?: { readonly time: string };
    readonly resources?: readonly ResourceState[];
    readonly pending_operations?: readonly PendingOperation[];
  };
}

/** What is to become of one pending create. */
export type Decision =
  /** It was made: take it into the state under this id, as if its creation had been recorded. */
  | { readonly action: "adopt"; readonly urn: string; readonly id: string; readonly found: string }
  /** It was made, and the state has another one: take it into the state to be deleted by the next update. */
  | { readonly action: "discard"; readonly urn: string; readonly id: string; readonly found: string }
  /** Nothing was made, or making it again is harmless: forget the note, so that the next `up` makes it. */
  | { readonly action: "forget"; readonly urn: string; readonly reason: string };

export function pendingOperations(state: StackExport): readonly PendingOperation[] {
  return state.deployment.pending_operations ?? [];
}

export function pendingCreates(state: StackExport): readonly ResourceState[] {
  return pendingOperations(state)
    .filter((operation) => operation.type === "creating")
    .map((operation) => operation.resource);
}

/** Ids that the state already holds for resources of a type: what is looked up must not be adopted twice. */
export function knownIds(state: StackExport, type: string): ReadonlySet<string> {
  const resources = state.deployment.resources ?? [];
  return new Set(resources.flatMap(({ id, type: t }) => (t === type && id !== undefined ? [id] : [])));
}

/**
 * URNs whose recorded state may not be true, because an update or a delete was cut short, or because an earlier
 * recovery did not get to read them back.
 */
export function unsureUrns(state: StackExport): ReadonlySet<string> {
  const held = new Set((state.deployment.resources ?? []).map(({ urn }) => urn));
  const cut = pendingOperations(state).filter(({ type }) => type === "updating" || type === "deleting");
  const unread = (state.deployment.resources ?? []).filter(({ refreshBeforeUpdate }) => refreshBeforeUpdate);
  const urns = [...cut.map(({ resource }) => resource.urn), ...unread.map(({ urn }) => urn)];
  return new Set(urns.filter((urn) => held.has(urn)));
}

/** The state without the marks of what is to be read back, once that has been done. */
export function withoutMarks(state: StackExport): StackExport {
  const resources = (state.deployment.resources ?? []).map((resource) => {
    const { refreshBeforeUpdate, ...unmarked } = resource;
    return refreshBeforeUpdate === undefined ? resource : unmarked;
  });
  return { ...state, deployment: { ...state.deployment, resources } };
}

/** The resource that a decision takes in; its inputs stand in for outputs until it is read back. */
function takeIn(pending: ResourceState, decision: Decision & { readonly id: string }): ResourceState {
  const { action, id } = decision;
  const outputs = { ...pending.inputs, id };
  const taken = { ...pending, id, outputs, refreshBeforeUpdate: true };
  return action === "discard" ? { ...taken, delete: true } : taken;
}

/**
 * The state with every decision carried out. Where an update was replacing an adopted resource, the older half is
 * marked for deletion, or dropped where it has been deleted already, as the engine would have done. Notes of other
 * kinds are struck. Whatever only a reading can tell is marked to be read back, by the engine if not by recovery.
 *
 * @throws Error if a pending create has no decision: none may be dropped by oversight.
 */
export function applyDecisions(state: StackExport, decisions: readonly Decision[]): StackExport {
  const taken = new Map<string, ResourceState[]>();
  const adopted = new Set<string>();
  for (const pending of pendingCreates(state)) {
    const mine = decisions.filter(({ urn }) => urn === pending.urn);
    if (mine.length === 0) throw new Error(`no decision about the pending create of ${pending.urn}`);
    const made = mine.filter((decision) => decision.action !== "forget");
    if (made.some(({ action }) => action === "adopt")) adopted.add(pending.urn);
    // A URN can be pending twice; the later note has the later inputs.
    taken.set(
      pending.urn,
      made.map((decision) => takeIn(pending, decision)),
    );
  }
  const unsure = unsureUrns(state);
  const placed = (state.deployment.resources ?? []).flatMap((resource): ResourceState[] => {
    const { urn } = resource;
    const newer = taken.get(urn) ?? [];
    taken.delete(urn);
    // What depends on the older half comes after it, and must come after what stands in for it.
    const older = adopted.has(urn) ? { ...resource, delete: true } : resource;
    return adopted.has(urn) && resource.pendingReplacement === true ? newer : [...newer, older];
  });
  const all = [...placed, ...[...taken.values()].flat()].map((resource) =>
    unsure.has(resource.urn) ? { ...resource, refreshBeforeUpdate: true } : resource,
  );
  return { ...state, deployment: { ...state.deployment, resources: all, pending_operations: [] } };
}
