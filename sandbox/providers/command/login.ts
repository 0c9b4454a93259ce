/**
 * How to log in, as golang.org/x/crypto/ssh does for the official provider: always `none` first, then each method
 * at most once. So a private key that was refused rules out the agent's keys, because both are `publickey`.
 */
import { connect } from "node:net";
import ssh2 from "ssh2";
import type { AnyAuthMethod, AuthenticationType } from "ssh2";
import { dialErrorText } from "./go-text.ts";
import type { Endpoint } from "./inputs.ts";

export interface LoginMethod {
  readonly method: "publickey" | "password" | "keyboard-interactive";
  readonly strategy: AnyAuthMethod;
}

/** The agent that an endpoint is to use, if any. */
export function agentSocket(endpoint: Endpoint, environment: NodeJS.ProcessEnv): string | undefined {
  const path = endpoint.agentSocketPath ?? environment.SSH_AUTH_SOCK;
  return path === "" ? undefined : path;
}

/** Fails where the agent does not answer: the official provider asks before it dials, and does not retry. */
export function reachAgent(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", (error) => {
      reject(new Error(dialErrorText("unix", path, error), { cause: error }));
    });
  });
}

function parsePrivateKey(endpoint: Endpoint, pem: string): ssh2.ParsedKey {
  const key = ssh2.utils.parseKey(pem, endpoint.privateKeyPassword);
  if (!(key instanceof Error)) return key;
  const encrypted = /passphrase|Encrypted/i.test(key.message) && endpoint.privateKeyPassword === undefined;
  throw new Error(
    encrypted ? "ssh: this private key is passphrase protected" : `ssh: no key found (${key.message})`,
  );
}

export function loginMethods(endpoint: Endpoint, agent: string | undefined): readonly LoginMethod[] {
  const { user: username, password, privateKey } = endpoint;
  const methods: LoginMethod[] = [];
  if (privateKey !== undefined) {
    const key = parsePrivateKey(endpoint, privateKey);
    methods.push({ method: "publickey", strategy: { type: "publickey", username, key } });
  }
  if (password !== undefined) {
    methods.push({ method: "password", strategy: { type: "password", username, password } });
    methods.push({
      method: "keyboard-interactive",
      strategy: {
        type: "keyboard-interactive",
        username,
        prompt: (_name, _instructions, _language, prompts, finish) => {
          finish(prompts.map(() => password));
        },
      },
    });
  }
  if (agent !== undefined) {
    methods.push({ method: "publickey", strategy: { type: "agent", username, agent } });
  }
  return methods;
}

/** Chooses the next method each time the host refuses one; calls `exhausted` when none is left. */
export function authenticator(
  username: string,
  methods: readonly LoginMethod[],
  exhausted: (message: string) => void,
) {
  const tried: string[] = [];
  return (
    left: AuthenticationType[] | null,
    partialSuccess: boolean,
    next: (method: AnyAuthMethod) => void,
  ): void => {
    if (tried.length === 0) {
      tried.push("none");
      next({ type: "none", username });
      return;
    }
    if (partialSuccess && tried.length > 1) tried.pop();
    const found = methods.find(
      ({ method }) => !tried.includes(method) && (left === null || left.includes(method)),
    );
    if (found === undefined) {
      const attempted = `attempted methods [${tried.join(" ")}]`;
      exhausted(`ssh: unable to authenticate, ${attempted}, no supported methods remain`);
      return;
    }
    tried.push(found.method);
    next(found.strategy);
  };
}
