// Asks the worker to write files.

/** @typedef {"png"|"webp"|"jpeg"|"matte"} Format */

/** @type {Record<Format, { name: string, ending: string, type: string }>} */
export const formats = {
  png: { name: "PNG", ending: "png", type: "image/png" },
  webp: { name: "WebP", ending: "webp", type: "image/webp" },
  jpeg: { name: "JPEG", ending: "jpg", type: "image/jpeg" },
  matte: { name: "matte", ending: "png", type: "image/png" },
};

export class Exporter {
  /** @type {Worker|null} */ #worker = null;
  /** @type {Map<number, { resolve: Function, reject: Function }>} */ #waiting = new Map();
  #number = 0;

  /**
   * Returns the file of what is seen.
   * @param {import("./photo.js").Photo} photo
   * @param {Format} format
   * @param {ImageBitmap|null} readable The photo's pixels, where it came by address and its server lets pages read it.
   * @returns {Promise<Blob>}
   */
  async file(photo, format, readable) {
    const { result, file, matte: current, edits, picture } = photo;
    if (!result) throw new Error(`${photo.name} is not cut out.`);
    // Nothing has been done to it: the service's own file.
    if (format === "webp" && result.type === "image/webp" && isUntouched(photo)) return result;
    return (await this.#ask({ result, photo: file ?? readable, current, edits, picture, format })).file;
  }

  #ask(request) {
    this.#worker ??= this.#start();
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker?.postMessage({ number, ...request });
    });
  }

  #start() {
    const worker = new Worker(new URL("export-worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data: { number, problem, ...written } }) => {
      const { resolve, reject } = /** @type {{ resolve: Function, reject: Function }} */ (this.#waiting.get(number));
      this.#waiting.delete(number);
      if (problem) reject(new Error(problem));
      else resolve(written);
    });
    worker.addEventListener("error", event => {
      for (const { reject } of this.#waiting.values()) reject(new Error(event.message));
      this.#waiting.clear();
    });
    return worker;
  }
}

/** @param {import("./photo.js").Photo} photo */
export function isUntouched({ edits, matte }) {
  const { background, crop, shadow } = edits;
  return background.kind === "none" && crop.shape === "photo" && !crop.longest && !shadow && !matte;
}

/**
 * @param {import("./photo.js").Photo} photo
 * @param {Format} format
 */
export const fileName = (photo, format) =>
  `${photo.baseName}-${format === "matte" ? "matte" : "cutout"}.${formats[format].ending}`;

/** @param {Blob} file @param {string} name */
export function save(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser has taken the file by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
