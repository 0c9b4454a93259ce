/**
 * What the edge answers by itself when it cannot pass a request on, with Cloudflare's own numbers.
 *
 * Sources: developers.cloudflare.com/support/troubleshooting/http-status-codes (cloudflare-5xx-errors,
 * cloudflare-1xxx-errors).
 */
export interface EdgeFailure {
  /** The HTTP status. */
  readonly status: number;
  /** What the page calls it: the status, or a number from 1000 on. */
  readonly code: number;
  readonly title: string;
}

function failure(code: number, title: string, status = code): EdgeFailure {
  return { status, code, title };
}

export const failures = {
  prohibitedAddress: failure(1000, "DNS points to prohibited IP", 403),
  unknownName: failure(1001, "DNS resolution error", 409),
  directAddress: failure(1003, "Direct IP access not allowed", 403),
  originDns: failure(1016, "Origin DNS error", 530),
  noConnector: failure(1033, "Cloudflare Tunnel error", 530),
  badRequest: failure(400, "Bad Request"),
  badGateway: failure(502, "Bad gateway"),
  unavailable: failure(503, "Service Temporarily Unavailable"),
  unknown: failure(520, "Web server is returning an unknown error"),
  refused: failure(521, "Web server is down"),
  connectTimeout: failure(522, "Connection timed out"),
  unreachable: failure(523, "Origin is unreachable"),
  responseTimeout: failure(524, "A timeout occurred"),
  handshake: failure(525, "SSL handshake failed"),
  certificate: failure(526, "Invalid SSL certificate"),
} as const;

/** After which a request may be tried at another endpoint (load-balancing/understand-basics/adaptive-routing). */
const worthAnotherTry: ReadonlySet<number> = new Set([521, 522, 523, 525, 526]);

export class OriginError extends Error {
  readonly failure: EdgeFailure;

  constructor(found: EdgeFailure, reason: string) {
    super(`${found.code} ${found.title}: ${reason}`);
    this.failure = found;
  }

  get isWorthAnotherTry(): boolean {
    return worthAnotherTry.has(this.failure.code);
  }
}

/** The page: as text, which is what programs get. */
export function failurePage({ code, title }: EdgeFailure, ray: string): string {
  return `error code: ${code}\n${title}\nRay ID: ${ray}\n`;
}
