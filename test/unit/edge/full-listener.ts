/**
 * A port that does not answer: a listener in a stopped process, whose queue is full, so that the kernel drops every
 * further SYN.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const program =
  'require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () { process.stdout.write(this.address().port + "\\n") })';
/** The kernel takes one more than the backlog; the rest wait for an answer. */
const most = 8;

export class FullListener {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #sockets: Socket[] = [];

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
  }

  static async open(): Promise<FullListener> {
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const listener = new FullListener(Number(line.toString()), child);
    child.kill("SIGSTOP");
    await listener.#fill();
    return listener;
  }

  async #fill(): Promise<void> {
    for (let count = 0; count < most; count += 1) {
      const socket = connect(this.port, "127.0.0.1");
      socket.on("error", () => undefined);
      this.#sockets.push(socket);
      const isIn = await Promise.race([
        once(socket, "connect").then(() => true),
        sleep(300).then(() => false),
      ]);
      if (!isIn) return;
    }
    throw new Error("the listener's queue does not fill up");
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#child.kill("SIGKILL");
  }
}
