#!/usr/bin/env node
/** `npm run agent`: builds what `pulumi up` sends to the hosts. `npm start` and `npm test` do so by themselves. */
import { checkout, main } from "./bootstrap.mjs";
import { ensureAgent } from "./steps/agent.mjs";
import { ensureGo } from "./steps/go.mjs";

await main("npm run agent", async ({ step }) => {
  const go = await step("go", ensureGo, ({ description }) => description);
  await step("agent", (say) => ensureAgent(checkout, go.folder, say));
  return 0;
});
