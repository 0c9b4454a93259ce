/** The SFTP half of a test host: the machine's own files, through the few requests that a copy makes. */
import { closeSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import type { Stats } from "node:fs";
import ssh2 from "ssh2";
import type { SFTPWrapper } from "ssh2";

const { STATUS_CODE } = ssh2.utils.sftp;

function attributes(stats: Stats) {
  return {
    mode: stats.mode,
    uid: stats.uid,
    gid: stats.gid,
    size: stats.size,
    atime: Math.floor(stats.atimeMs / 1000),
    mtime: Math.floor(stats.mtimeMs / 1000),
  };
}

export function serveFiles(sftp: SFTPWrapper): void {
  const handle = (file: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(file);
    return bytes;
  };
  const attempt = (request: number, action: () => void) => {
    try {
      action();
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      sftp.status(
        request,
        missing ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE,
        (error as Error).message,
      );
    }
  };
  const done = (request: number) => {
    sftp.status(request, STATUS_CODE.OK);
  };
  sftp.on("STAT", (request, path) => {
    attempt(request, () => {
      sftp.attrs(request, attributes(statSync(path)));
    });
  });
  sftp.on("MKDIR", (request, path) => {
    attempt(request, () => {
      mkdirSync(path);
      done(request);
    });
  });
  sftp.on("OPEN", (request, path) => {
    attempt(request, () => {
      sftp.handle(request, handle(openSync(path, "w")));
    });
  });
  sftp.on("FSETSTAT", done);
  sftp.on("WRITE", (request, file, offset, data) => {
    attempt(request, () => {
      writeSync(file.readUInt32BE(), data, 0, data.length, offset);
      done(request);
    });
  });
  sftp.on("CLOSE", (request, file) => {
    attempt(request, () => {
      closeSync(file.readUInt32BE());
      done(request);
    });
  });
}
