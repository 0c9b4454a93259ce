/** What is left of a configuration when the malformed has been cut away. */
import type { HostConfig, NetworkConfig, RegionConfig } from "./schema.ts";

/**
 * A type of which anything may be missing: what is left of a configuration when the malformed has been cut away.
 * A rule says nothing about what is missing; the schema already has.
 */
export type Loose<T> = T extends readonly (infer Element)[]
  ? (Loose<Element> | undefined)[]
  : T extends object
    ? { [Key in keyof T]?: Loose<T[Key]> | undefined }
    : T;

export type LooseConfig = Loose<NetworkConfig>;
export type LooseRegion = Loose<RegionConfig>;
export type LooseHost = Loose<HostConfig>;
