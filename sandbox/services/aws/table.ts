/**
 * The form of a resource type: a table of its properties, and what to do with it.
 *
 * The table is what the upstream provider declares in Go. From it follow which inputs are accepted, which defaults
 * are filled in, and whether a change updates or replaces; a type without a table does not exist.
 */
import type { Ec2, Tags } from "./ec2/account.ts";
import type { Json, Properties } from "./json.ts";

export type Kind = "text" | "bool" | "int" | "list" | "set" | "map" | "object" | "objects" | "object-set";

export interface Property {
  readonly kind: Kind;
  /**
   * `required` and `optional` are inputs; `computed` is an output; `optional-computed` is an input that AWS fills
   * in when it is left out, so leaving it out later changes nothing.
   */
  readonly mode: "required" | "optional" | "optional-computed" | "computed";
  /** Whether a change replaces the resource (ForceNew, RequiresReplace). */
  readonly replaces?: true;
  readonly default?: Json;
  /** Why a known value is refused, with the property's upstream name in front; `undefined` if it is fine. */
  readonly validate?: (value: Json, name: string) => string | undefined;
  /** Whether two unlike values mean the same (DiffSuppressFunc, semantic equality). `before` is what is stored. */
  readonly same?: (before: Json | undefined, after: Json | undefined, inputs: Properties) => boolean;
  readonly conflictsWith?: readonly string[];
  readonly requiredWith?: readonly string[];
  readonly exactlyOneOf?: readonly string[];
  readonly atLeastOneOf?: readonly string[];
  /** The properties of an object, or of each object of a list or set. */
  readonly properties?: Table;
  /** The upstream name where it is not simply the property's name in snake case. */
  readonly upstream?: string;
  /** What AWS has and this simulator has not; setting the property is refused with this reason. */
  readonly notSimulated?: string;
}

export type Table = Readonly<Record<string, Property>>;

/** What an operation of a resource type works with. */
export interface Context {
  readonly ec2: Ec2;
  /** The resource's own tags together with the provider's default tags. */
  readonly tags: Tags;
  /** The provider's own region, for what defaults to it besides `region`. */
  readonly providerRegion: string | undefined;
  /** The property `region`; nothing where AWS has the type once for all regions. */
  readonly place: Properties;
}

export interface Change {
  readonly before: Properties;
  readonly after: Properties;
  /** The names of the properties that differ. */
  readonly changed: ReadonlySet<string>;
}

export interface ResourceType {
  /** `aws:ec2/vpc:Vpc` */
  readonly token: string;
  readonly upstream: {
    /** `aws_vpc` */
    readonly resource: string;
    /** Where the table comes from, in github.com/hashicorp/terraform-provider-aws. */
    readonly file: string;
    /** The generation of Terraform's SDK: the older one cannot tell a zero value from an absent one. */
    readonly sdk: "sdkv2" | "framework";
  };
  readonly properties: Table;
  readonly tagged: boolean;
  /** Whether AWS has it once for all regions, so that it names none. */
  readonly global?: true;
  /** Makes the resource's tags the context's, where that is not done by EC2's `CreateTags`. */
  readonly setTags?: (context: Context, id: string) => void;
  /** A property whose name Pulumi makes up where it is not given. */
  readonly autoName?: string;
  /** Refusals that look at several properties at once (CustomizeDiff); one message per refusal. */
  readonly validate?: (inputs: Properties) => string[];
  /** Properties that replace the resource in this change only (CustomizeDiff). */
  readonly replaces?: (change: Change) => string[];
  /** Outputs that an update makes unknown until it is done (SetNewComputed). */
  readonly recomputes?: (change: Change) => string[];
  /** @returns the new resource's id. */
  readonly create: (context: Context, inputs: Properties) => string;
  /**
   * What AWS tells about the resource; `undefined` if it does not exist. A property that is a key of the answer with
   * the value `undefined` is unset; one that is no key keeps what was there before.
   */
  readonly read: (context: Context, id: string, prior: Properties) => Properties | undefined;
  /** @returns the id, where an update changes it. */
  readonly update?: (context: Context, id: string, change: Change) => string | undefined;
  readonly delete: (context: Context, id: string, state: Properties) => void;
  /** Turns the id of an import into the resource's own id and what reading needs to know. */
  readonly import?: (context: Context, id: string) => { id: string; state: Properties };
  /** Codes on which the upstream provider tries a deletion again until its time-out. */
  readonly retriesDelete?: readonly string[];
}

/** `cidrBlock` → `cidr_block`, as messages of the upstream provider name it. */
export function upstreamName(name: string, property?: Property): string {
  return property?.upstream ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Properties that every tagged type has. */
export const tagProperties: Table = {
  tags: { kind: "map", mode: "optional" },
  tagsAll: { kind: "map", mode: "computed" },
};

/** The per-resource region, which every regional type has since version 7 (internal/provider/sdkv2/region.go). */
export const regionProperty: Property = { kind: "text", mode: "optional-computed", replaces: true };
