/** Planned properties as typed values. They have passed the tables, so a wrong type is a programming error. */
import { isList, isMap } from "../shared/values.ts";
import type { ValueMap } from "../shared/values.ts";
import type { Subject } from "./names.ts";
import type { CertificateTerms } from "./x509.ts";

export function text(values: ValueMap, key: string): string {
  const value = values[key];
  if (typeof value !== "string") throw new Error(`'${key}' must be a string`);
  return value;
}

export function optionalText(values: ValueMap, key: string): string | undefined {
  const value = values[key];
  return typeof value === "string" ? value : undefined;
}

export function texts(values: ValueMap, key: string): readonly string[] {
  const value = values[key];
  return isList(value) ? value.filter((each) => typeof each === "string") : [];
}

export function wholeNumber(values: ValueMap, key: string): number {
  const value = values[key];
  if (typeof value !== "number") throw new Error(`'${key}' must be a number`);
  return value;
}

export function subject(values: ValueMap): Subject {
  const value = values.subject;
  if (!isMap(value)) return {};
  const { streetAddresses, ...rest } = value;
  const parts = Object.entries(rest).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return {
    ...Object.fromEntries(parts),
    ...(isList(streetAddresses) && { streetAddresses: texts(value, "streetAddresses") }),
  };
}

export function certificateTerms(values: ValueMap): CertificateTerms {
  const { maxPathLength } = values;
  return {
    allowedUses: texts(values, "allowedUses"),
    validityPeriodHours: wholeNumber(values, "validityPeriodHours"),
    isCa: values.isCaCertificate === true,
    maxPathLength: typeof maxPathLength === "number" && maxPathLength >= 0 ? maxPathLength : undefined,
    setSubjectKeyId: values.setSubjectKeyId === true,
    setAuthorityKeyId: values.setAuthorityKeyId === true,
  };
}
