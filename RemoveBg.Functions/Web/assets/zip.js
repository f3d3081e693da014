// A zip of stored files: images do not get smaller by compressing them again, so that 60 lines are enough and no
// library is needed (APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16).

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Names are UTF-8. */
const UTF8 = 0x0800;

/** Largest size of a zip without 64-bit fields. */
const LARGEST = 0xffffffff;

export class Zip {
  /** @type {BlobPart[]} */ #parts = [];
  /** @type {BlobPart[]} */ #directory = [];
  #names = new Set();
  #offset = 0;
  #directorySize = 0;

  /**
   * Adds a file. A name that is taken gets a number.
   * @param {string} name
   * @param {Blob} file
   * @param {Date} date
   */
  async add(name, file, date) {
    const bytes = new TextEncoder().encode(this.#free(name));
    if (this.#offset + file.size > LARGEST - 1e6) throw new RangeError("The zip would be larger than 4 GB.");
    const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
    const day = ((date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
    const crc = crc32(new Uint8Array(await file.arrayBuffer()));
    const common = [[2, 20], [2, UTF8], [2, 0], [2, time], [2, day], [4, crc], [4, file.size], [4, file.size],
      [2, bytes.length], [2, 0]];
    const local = record([[4, 0x04034b50], ...common]);
    const central = record([[4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, this.#offset]]);
    this.#parts.push(local, bytes, file);
    this.#directory.push(central, bytes);
    this.#offset += local.length + bytes.length + file.size;
    this.#directorySize += central.length + bytes.length;
  }

  /** @returns {Blob} */
  close() {
    const count = this.#names.size;
    const end = record([[4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, this.#directorySize],
      [4, this.#offset], [2, 0]]);
    return new Blob([...this.#parts, ...this.#directory, end], { type: "application/zip" });
  }

  #free(name) {
    const dot = name.lastIndexOf(".");
    let free = name;
    for (let number = 2; this.#names.has(free); number++) free = `${name.slice(0, dot)}-${number}${name.slice(dot)}`;
    this.#names.add(free);
    return free;
  }
}

/** @param {number[][]} fields Size in bytes, and value; little-endian. */
function record(fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 4) view.setUint32(at, value, true);
    else view.setUint16(at, value, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}
