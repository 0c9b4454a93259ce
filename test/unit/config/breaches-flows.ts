/** Wrong edits about flows: ends that are nobody, and flows that say nothing. */
import { breach, type Breach } from "./stack-file.ts";

const first = "flows intended 2";
const at = "flows.intended[2]";

export const flowBreaches: readonly Breach[] = [
  breach("flowsAreComplete", { [`${first} from`]: [] }, `${at}.from`),
  breach("flowsAreComplete", { [`${first} traffic`]: [] }, `${at}.traffic`),
  breach("flowEndsExist", { [`${first} to`]: ["us-west/vault-2"] }, `${at}.to[0]`),
  breach("flowEndsExist", { [`${first} to`]: ["us-west/vault-1", "us-east/vault-1"] }, `${at}.to[1]`),
  breach("flowEndsExist", { [`${first} from`]: ["sg-intern"] }, `${at}.from[0]`),
  breach("flowEndsExist", { [`${first} from`]: ["role-apis of us-west"] }, `${at}.from[0]`),
  breach("flowEndsExist", { [`${first} from`]: ["hosts of us-est"] }, `${at}.from[0]`),
  breach("flowEndsExist", { "flows accepted 0 from": ["edge-hom"] }, "flows.accepted[0].from[0]"),
  breach("schema", { [`${first} from`]: ["the api hosts"] }, `${at}.from[0]`),
  breach("schema", { [`${first} from`]: ["devices of 10.64.20.1/24"] }, `${at}.from[0]`),
  breach("schema", { [`${first} traffic`]: ["8200"] }, `${at}.traffic[0]`),
  breach("schema", { [`${first} traffic`]: ["8300-8200/tcp"] }, `${at}.traffic[0]`),
  breach("schema", { [`${first} reason`]: "" }, `${at}.reason`),
];
