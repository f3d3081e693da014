// Remembers photos in this browser, so that a reload loses nothing, for as long as the service keeps the results.

import { noCrop } from "./frame.js";

/**
 * @typedef {object} Remembered
 * @property {string} id
 * @property {string} name
 * @property {number} at When it was added, in milliseconds since 1970.
 * @property {File|Blob|null} file
 * @property {string|null} url
 * @property {string|null} artworkId
 * @property {string|null} model
 * @property {string|null} roi
 * @property {import("./scene.js").Edits} edits
 * @property {Blob|null} picture
 * @property {Blob|null} matte Alpha after strokes, deflated.
 * @property {boolean} wasCanceled
 */

const STORE = "photos";

/** @returns {import("./scene.js").Edits} */
export const noEdits = () =>
  ({ background: { kind: "none", colour: "#f1d58c", strength: 40 }, crop: noCrop(), shadow: false });

export class Memory {
  /** @param {number} retentionSeconds */
  constructor(retentionSeconds) {
    this.retention = retentionSeconds * 1000;
    /** @type {Promise<IDBDatabase|null>} */
    this.database = open();
    this.forgotten = this.#forgetOld();
  }

  /** @param {Remembered} photo */
  async put(photo) {
    await this.#run("readwrite", store => store.put(photo));
  }

  /**
   * @param {string} id Of the photo or of its artwork.
   * @returns {Promise<Remembered|null>}
   */
  async find(id) {
    await this.forgotten;
    return (await this.#run("readonly", store => store.get(id)))
      ?? (await this.#run("readonly", store => store.index("artworkId").get(id))) ?? null;
  }

  /** @param {string} id */
  async forget(id) {
    await this.#run("readwrite", store => store.delete(id));
  }

  async #forgetOld() {
    const before = IDBKeyRange.upperBound(Date.now() - this.retention);
    const old = await this.#run("readonly", store => store.index("at").getAllKeys(before));
    for (const id of old ?? []) await this.forget(/** @type {string} */ (id));
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<T>} act
   * @returns {Promise<T|null>} Null if this browser lets the page remember nothing, in private windows for example.
   */
  async #run(mode, act) {
    const database = await this.database;
    if (!database) return null;
    return new Promise(resolve => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.addEventListener("complete", () => resolve(request.result));
      transaction.addEventListener("abort", () => resolve(null));
    });
  }
}

/** @returns {Promise<IDBDatabase|null>} */
function open() {
  return new Promise(resolve => {
    let request;
    try {
      request = indexedDB.open("removebg", 1);
    } catch {
      resolve(null);
      return;
    }
    request.addEventListener("upgradeneeded", () => {
      const store = request.result.createObjectStore(STORE, { keyPath: "id" });
      store.createIndex("artworkId", "artworkId");
      store.createIndex("at", "at");
    });
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => resolve(null));
  });
}

/** @param {Uint8Array} matte */
export const deflate = matte =>
  new Response(new Blob([/** @type {BlobPart} */ (matte)]).stream().pipeThrough(new CompressionStream("deflate-raw")))
    .blob();

/** @param {Blob} file */
export const inflate = async file =>
  new Uint8Array(
    await new Response(file.stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer(),
  );

// The address names the photos: those that the service knows by their artwork, others by their number in this browser.

/** @returns {{ ids: string[], shown: number }} */
export function readAddress() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const ids = (fields.get("photos") ?? "").split(",").filter(id => /^[\w-]{8,64}$/.test(id)).slice(0, 200);
  return { ids, shown: Math.min(Math.max(0, Number(fields.get("shown")) || 0), Math.max(0, ids.length - 1)) };
}

/**
 * @param {string[]} ids
 * @param {number} shown
 * @param {boolean} isNew Whether Back leads to what was before.
 */
export function writeAddress(ids, shown, isNew) {
  const hash = ids.length ? `#photos=${ids.join(",")}${shown ? `&shown=${shown}` : ""}` : "";
  if (location.hash === hash) return;
  history[isNew ? "pushState" : "replaceState"](null, "", hash || location.pathname);
}
