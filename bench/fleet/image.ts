/** The hosts' image with the benchmark's packages already installed, as both sides find it. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureImage, imageIn, type HostImage } from "../../sandbox/hosts/image.ts";
import { runOrThrow } from "../../sandbox/hosts/run.ts";
import { packages } from "./hosts.ts";

/**
 * Runs in a mount and a network namespace of its own: apt reaches nothing but the repository's folder. Nothing starts
 * while it is installed; all of it starts when the machine boots.
 */
const installScript = `set -eu
root=$1 repository=$2
shift 2
mkdir -p "$root/repository"
mount --bind "$repository" "$root/repository"
mount -t proc proc "$root/proc"
printf '#!/bin/sh\\nexit 101\\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
echo 'deb [trusted=yes] file:/repository ./' >"$root/repository.list"
apt() {
  chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq \\
    -o Dir::Etc::sourcelist=/repository.list -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=root "$@"
}
apt update
apt --yes --no-install-recommends install "$@"
rm -rf "$root/usr/sbin/policy-rc.d" "$root/repository.list" "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
umount "$root/repository" "$root/proc"
rmdir "$root/repository"
`;

/**
 * Makes the image in a folder, which it replaces; takes about half a minute. The sandbox's image is built before where
 * there is none.
 */
export async function makeImage(folder: string, progress: (line: string) => void): Promise<HostImage> {
  const base = await ensureImage(progress);
  const image = imageIn(folder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  progress("copying the hosts' image");
  await runOrThrow(["cp", "--archive", "--reflink=auto", base.root, image.root], { timeoutSeconds: 300 });
  progress(`installing ${packages.join(", ")} in it`);
  const script = join(folder, "install.sh");
  await writeFile(script, installScript);
  await runOrThrow(["unshare", "--mount", "--net", "sh", script, image.root, base.packages, ...packages], {
    timeoutSeconds: 600,
  });
  return image;
}
