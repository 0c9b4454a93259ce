/**
 * Loaded before everything else into every Node.js process of the engine (by `NODE_OPTIONS`), and at work in the one
 * that runs the Pulumi program: leaves behind what the process has taken. A program may call `roadnetProgramBegins`
 * when its modules are loaded.
 *
 * `ROADNET_BENCH_TYPESCRIPT` says who handles TypeScript, as `typescript` in Pulumi.yaml does: a language host that was
 * built from Go modules is too old to be told so by today's engine.
 */
import { writeFileSync } from "node:fs";
import Module from "node:module";

const { ROADNET_BENCH_PROBE: file, ROADNET_BENCH_TYPESCRIPT: typescript } = process.env;
const loaded = { loadedSeconds: 0, loadedCpuSeconds: 0 };

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function leave() {
  const seen = { peakMiB: process.resourceUsage().maxRSS / 1024, cpuSeconds: cpuSeconds(), ...loaded };
  writeFileSync(file ?? "", JSON.stringify(seen));
}

if (file !== undefined && /@pulumi[\\/]pulumi[\\/]cmd[\\/]run/.test(process.argv[1] ?? "")) {
  if (typescript === "false") delete process.env.PULUMI_NODEJS_TYPESCRIPT;
  else {
    process.env.PULUMI_NODEJS_TYPESCRIPT = "true";
    // Else Node.js strips the types before ts-node sees them, and its check misses them.
    Reflect.deleteProperty(Reflect.get(Module, "_extensions"), ".ts");
  }
  Reflect.set(globalThis, "roadnetProgramBegins", () => {
    // Since the process was started.
    loaded.loadedSeconds = performance.now() / 1000;
    loaded.loadedCpuSeconds = cpuSeconds();
  });
  process.on("exit", leave);
}
