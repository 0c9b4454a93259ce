/** Stands in for the plugin of @pulumi/aws. Started by the engine as `pulumi-resource-aws`. */
import { AwsClient } from "../../services/aws/client.ts";
import { whenParentEnds } from "../shared/parent.ts";
import { AwsPlugin } from "./plugin.ts";
import { serve } from "./serve.ts";

const plugin = new AwsPlugin(new AwsClient());
const { port } = await serve(plugin);

whenParentEnds(() => process.exit(1));

// The first line of the output tells the engine where to connect.
console.log(String(port));
