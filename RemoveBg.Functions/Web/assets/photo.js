// One photo: its file or address, its artwork, what the visitor has done to it, and where it is on its way.

import { Problem, pause } from "./api.js";
import { History } from "./history.js";
import { deflate, inflate, noEdits } from "./memory.js";
import { nameOf } from "./words.js";

/**
 * @typedef {"waiting"|"sending"|"queued"|"working"|"loading"|"done"|"failed"|"canceled"} State
 * @typedef {{ code: string|null, message: string, status?: number, trace?: string|null }} Failure
 */

/** Side of a picture in the filmstrip, in pixels. */
const THUMB = 144;

export class Photo {
  id = `p-${crypto.randomUUID()}`;
  at = Date.now();
  /** @type {State} */ state = "waiting";
  /** Bytes that have been sent, and that there are. */
  sent = 0;
  total = 0;
  startedAt = 0;
  /** Seconds until a submission that was refused for its rate is repeated. */
  pauseSeconds = 0;
  /** Whether the service does not answer at the moment. */
  isAway = false;
  /** @type {string|null} */ artworkId = null;
  /** @type {import("./api.js").Artwork|null} */ artwork = null;
  /** @type {number|null} */ confidence = null;
  /** @type {string|null} The model that was asked for. */ model = null;
  /** @type {string|null} Region of the subject, `x1 y1 x2 y2`. */ roi = null;
  /** @type {Failure|null} */ failure = null;
  /** @type {Blob|null} The service's file. */ result = null;
  /** @type {Uint8Array|null} Alpha after strokes; null without strokes. */ matte = null;
  /** @type {Blob|null} The visitor's own background. */ picture = null;
  /** Whether a subject was found. */
  isEmpty = false;
  edits = noEdits();
  history = new History();
  thumb = Object.assign(document.createElement("canvas"), { width: THUMB, height: THUMB });
  control = new AbortController();

  /** @param {{ name: string, file?: File|Blob|null, url?: string|null }} source */
  constructor({ name, file = null, url = null }) {
    this.name = name;
    /** @type {File|Blob|null} */ this.file = file;
    /** @type {string|null} */ this.url = url;
  }

  /** @param {import("./memory.js").Remembered} kept */
  static async restored(kept) {
    const photo = new Photo(kept);
    const { id, at, artworkId, model, roi, edits, picture } = kept;
    Object.assign(photo, { id, at, artworkId, model, roi, edits, picture });
    if (kept.matte) photo.matte = await inflate(kept.matte);
    if (kept.wasCanceled) photo.state = "canceled";
    return photo;
  }

  /** @returns {Promise<import("./memory.js").Remembered>} */
  async toRemember() {
    const { id, at, name, file, url, artworkId, model, roi, edits, picture } = this;
    return { id, at, name, file, url, artworkId, model, roi, edits, picture,
      matte: this.matte && (await deflate(this.matte)), wasCanceled: this.state === "canceled" };
  }

  get isBusy() {
    return ["sending", "queued", "working", "loading"].includes(this.state);
  }

  /** Name of the file, without ending. */
  get baseName() {
    return this.name.replace(/\.[^.]{1,5}$/, "") || "photo";
  }

  /** What the service is asked: always the whole cut-out, at the photo's size; the page does the rest. */
  get fields() {
    /** @type {Record<string, string|number|boolean>} */
    const fields = this.url ? { imageUrl: this.url } : {};
    fields.outputFormat = "webp";
    if (this.model) fields.model = this.model;
    if (this.roi) fields.roi = this.roi;
    return fields;
  }

  /** Forgets the artwork, so that the photo can be cut out again. */
  reset() {
    this.control.abort();
    this.control = new AbortController();
    Object.assign(this, { state: "waiting", artworkId: null, artwork: null, confidence: null, failure: null,
      result: null, matte: null, isEmpty: false, sent: 0, total: 0, isAway: false, pauseSeconds: 0 });
    this.history.clear();
  }

  /**
   * Goes all the way: submit, wait, load. Ends in done, failed or canceled.
   * @param {import("./api.js").Api} api
   * @param {() => void} onChange
   */
  async cutOut(api, onChange) {
    const { signal } = this.control;
    const to = changes => {
      if (signal.aborted) return;
      Object.assign(this, changes);
      onChange();
    };
    try {
      if (!this.artworkId) await this.#submit(api, to, signal);
      for await (const artwork of api.watch(/** @type {string} */ (this.artworkId), signal)) {
        if (artwork) this.#learn(artwork, to);
        if (!artwork) to({ isAway: true });
        else to({ isAway: false, artwork, state: artwork.status === "starting" ? "queued" : "working" });
      }
      await this.#finish(api, to);
    } catch (problem) {
      if (signal.aborted) return;
      const { code = null, status, trace, message } = /** @type {Problem} */ (problem);
      if (!(problem instanceof Problem)) console.error(problem);
      const isUnknown = status === 404 && this.artworkId !== null;
      to({ state: "failed", failure: { code: isUnknown ? "unknown_artwork" : code, status, trace, message } });
    }
  }

  /** @param {import("./api.js").Api} api */
  async cancel(api, onChange) {
    const { artworkId } = this;
    if (artworkId) {
      // The watch ends with the state that the service has come to: it may have been quicker.
      await api.cancel(artworkId).catch(() => {});
      return;
    }
    this.control.abort();
    this.control = new AbortController();
    Object.assign(this, { state: "canceled", pauseSeconds: 0 });
    onChange();
  }

  async #submit(api, to, signal) {
    this.startedAt = performance.now();
    for (;;) {
      to({ state: "sending", sent: 0, pauseSeconds: 0 });
      try {
        const onProgress = (sent, total) => to({ sent, total });
        const artwork = await api.submit({ file: this.file, fields: this.fields }, onProgress, signal);
        to({ artwork, artworkId: artwork.id, state: "queued" });
        return;
      } catch (problem) {
        if (!(problem instanceof Problem) || problem.status !== 429) throw problem;
        for (let left = problem.retryAfter ?? 5; left > 0; left--) {
          to({ state: "sending", pauseSeconds: left });
          await pause(1, signal);
        }
      }
    }
  }

  /** An address from another browser names only the artwork; the artwork names its photo and model. */
  #learn(artwork, to) {
    const { imageUrl, model } = artwork.parameters;
    if (!this.file && !this.url && /^https?:/i.test(imageUrl))
      to({ url: imageUrl, name: nameOf(imageUrl), model: model ?? null });
  }

  async #finish(api, to) {
    const { artwork, confidence } = await api.read(this.artworkId);
    if (artwork.status === "canceled") return to({ artwork, artworkId: null, state: "canceled" });
    if (artwork.status === "failed")
      return to({ artwork, state: "failed", failure: { ...artwork.error, trace: artwork.id } });
    if (!artwork.results.length)
      return to({ artwork, state: "failed", failure: { code: "erased", message: "" } });
    to({ artwork, confidence, state: "loading" });
    const result = await api.result(this.artworkId);
    await this.drawThumb(result);
    this.isEmpty = !this.matte && !hasSubject(this.thumb);
    return to({ result, state: "done" });
  }

  /** Draws the picture for the filmstrip. @param {Blob|ImageBitmap} source */
  async drawThumb(source) {
    const bitmap = source instanceof Blob ? await createImageBitmap(source).catch(() => null) : source;
    if (!bitmap) return;
    const context = /** @type {CanvasRenderingContext2D} */ (this.thumb.getContext("2d", { willReadFrequently: true }));
    const scale = Math.min(THUMB / bitmap.width, THUMB / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    context.clearRect(0, 0, THUMB, THUMB);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, (THUMB - width) / 2, (THUMB - height) / 2, width, height);
    if (source instanceof Blob) bitmap.close();
  }
}

/** @param {HTMLCanvasElement} thumb */
function hasSubject(thumb) {
  const context = /** @type {CanvasRenderingContext2D} */ (thumb.getContext("2d"));
  const { data } = context.getImageData(0, 0, THUMB, THUMB);
  for (let i = 3; i < data.length; i += 4) if (data[i] > 12) return true;
  return false;
}
