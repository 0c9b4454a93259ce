/** Stands in for the plugin of @pulumi/cloudflare. Started by the engine as `pulumi-resource-cloudflare`. */
import { whenParentEnds } from "../shared/parent.ts";
import { CloudflareProvider } from "./provider.ts";
import { sdkVersion } from "../shared/version.ts";
import { serve } from "./serve.ts";

const cancellation = new AbortController();
const cancel = () => {
  cancellation.abort(new Error("the update was cancelled"));
};
const serving = await serve(new CloudflareProvider(cancellation.signal), sdkVersion("cloudflare"), cancel);

whenParentEnds(() => {
  cancel();
  serving.stop();
  process.exit(1);
});

// The first line of the output tells the engine where to connect.
console.log(String(serving.port));
