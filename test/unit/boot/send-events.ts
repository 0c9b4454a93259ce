/** Stands for `pulumi`: sends events to where `--event-log` says, and ends. */
import { credentials } from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/events_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/events_pb.js";

const target = process.argv[process.argv.indexOf("--event-log") + 1] ?? "";
if (!target.startsWith("tcp://")) throw new Error(`events cannot be sent to ${target}`);
const client = new services.EventsClient(target.slice("tcp://".length), credentials.createInsecure());
const stream = client.streamEvents((error) => {
  client.close();
  if (error !== null) throw error;
});
for (const event of [
  { sequence: 1 },
  { sequence: 2, diagnosticEvent: { severity: "debug", message: "a key" } },
  { sequence: 3, diagnosticEvent: { severity: "warning", message: "mind" } },
  { sequence: 4 },
]) {
  const request = new messages.EventRequest();
  request.setEvent(JSON.stringify(event));
  stream.write(request);
}
stream.end();
