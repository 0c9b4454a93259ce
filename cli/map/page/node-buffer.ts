/** What the configuration takes of Node's `Buffer`, for browsers: it reads the bytes of keys. */

class Bytes extends Uint8Array {
  override subarray(from = 0, to = this.length): Bytes {
    return new Bytes(super.subarray(from, to));
  }

  readUInt32BE(offset: number): number {
    return new DataView(this.buffer, this.byteOffset, this.byteLength).getUint32(offset);
  }

  override toString(encoding?: string): string {
    const latin1 = String.fromCharCode(...this);
    if (encoding === "base64") return btoa(latin1);
    if (encoding === "latin1") return latin1;
    throw new Error(`the page writes no ${encoding ?? "text"}`);
  }
}

export const Buffer = {
  /** Reads base64; like Node, what is none of it is passed over. */
  from(text: string, encoding: "base64"): Bytes {
    if ((encoding as string) !== "base64") throw new Error(`the page reads no ${encoding as string}`);
    const letters = text
      .replaceAll("-", "+")
      .replaceAll("_", "/")
      .replaceAll(/[^A-Za-z0-9+/]/g, "");
    const whole = letters.length % 4 === 1 ? letters.slice(0, -1) : letters;
    return new Bytes(Uint8Array.from(atob(whole), (character) => character.charCodeAt(0)));
  },
};
