// Calls the API as any other client does.

/**
 * @typedef {object} Artwork
 * @property {string} id
 * @property {"starting"|"processing"|"succeeded"|"failed"|"canceled"} status
 * @property {{ imageUrl: string, outputFormat: string, model?: string }} parameters
 * @property {number} duration
 * @property {string[]} results
 * @property {string} createdAt
 * @property {{ code: string, message: string }} [error]
 */
/** @typedef {{ file?: File|Blob|null, fields: Record<string, string|number|boolean> }} Submission */

/** What went wrong, in the words of the service. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {{ status?: number, code?: string|null, retryAfter?: number|null, trace?: string|null }} [about] Status 0:
   * the service did not answer.
   */
  constructor(message, { status = 0, code = null, retryAfter = null, trace = null } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.trace = trace;
  }
}

const ended = new Set(["succeeded", "failed", "canceled"]);
const submitPath = "/v2/artworks/remove-background";

/** Seconds between attempts to reach a service that does not answer; the last one repeats. */
const pauses = [1, 2, 4, 8];

export class Api {
  #key = "";

  /** @param {string} key Kept in memory only. */
  set key(key) {
    this.#key = key.trim();
  }

  get hasKey() {
    return Boolean(this.#key);
  }

  /**
   * Sends a form if there is a file, else JSON.
   * @param {Submission} submission
   * @param {(sent: number, total: number) => void} onProgress In bytes.
   * @param {AbortSignal} signal
   * @returns {Promise<Artwork>}
   */
  submit({ file, fields }, onProgress, signal) {
    let body = /** @type {FormData|string} */ (JSON.stringify(fields));
    if (file) {
      body = new FormData();
      body.append("image", file, file instanceof File ? file.name : "photo");
      for (const [name, value] of Object.entries(fields)) body.append(name, String(value));
    }
    // fetch does not report how much of a body has been sent.
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", submitPath);
      request.setRequestHeader("Authorization", `Bearer ${this.#key}`);
      if (!file) request.setRequestHeader("Content-Type", "application/json");
      request.responseType = "text";
      request.upload.addEventListener("progress", event => onProgress(event.loaded, event.total));
      request.addEventListener("load", () => {
        const problem = problemOf(request.status, request.responseText, name => request.getResponseHeader(name));
        if (problem) reject(problem);
        else resolve(JSON.parse(request.responseText));
      });
      request.addEventListener("error", () => reject(new Problem(unreachable)));
      request.addEventListener("abort", () => reject(signal.reason));
      signal.addEventListener("abort", () => request.abort());
      if (signal.aborted) reject(signal.reason);
      else request.send(body);
    });
  }

  /** Asks something small, to learn whether the key is accepted. */
  async check() {
    await this.#fetch("GET", "/v2/artworks?limit=1");
  }

  /** @param {string} id */
  cancel(id) {
    return this.#json("POST", `/v2/artworks/${id}/cancel`);
  }

  /** @param {string} id */
  async erase(id) {
    await this.#fetch("DELETE", `/v2/artworks/${id}`);
  }

  /**
   * @param {string} id
   * @returns {Promise<{ artwork: Artwork, confidence: number|null }>}
   */
  async read(id) {
    const response = await this.#fetch("GET", `/v2/artworks/${id}`);
    const confidence = response.headers.get("RemoveBg-Confidence");
    return { artwork: await response.json(), confidence: confidence === null ? null : Number(confidence) };
  }

  /**
   * Returns the cut-out's file, from this origin: storage may be another one, which this page may not read.
   * @param {string} id
   */
  async result(id) {
    return (await this.#fetch("GET", `/v2/artworks/${id}/result`)).blob();
  }

  /**
   * Yields the artwork at once and at each change, until it has ended. While the service does not answer it tries
   * again and yields null.
   * @param {string} id
   * @param {AbortSignal} signal
   * @returns {AsyncGenerator<Artwork|null>}
   */
  async *watch(id, signal) {
    for (let silent = 0; ; ) {
      try {
        for await (const artwork of this.#events(id, signal)) {
          silent = 0;
          yield artwork;
          if (ended.has(artwork.status)) return;
        }
      } catch (problem) {
        signal.throwIfAborted();
        // 429: as many streams are open as the service holds for the key.
        const isFinal = problem instanceof Problem && problem.status >= 400 && problem.status < 500;
        if (isFinal && problem.status !== 429) throw problem;
        yield null;
        await pause(pauses[Math.min(silent++, pauses.length - 1)], signal);
      }
    }
  }

  // EventSource cannot send a key.
  /** @param {string} id @param {AbortSignal} signal @returns {AsyncGenerator<Artwork>} */
  async *#events(id, signal) {
    const headers = { Accept: "text/event-stream" };
    const response = await this.#fetch("GET", `/v2/artworks/${id}/events`, headers, signal);
    const body = /** @type {ReadableStream<BufferSource>} */ (response.body);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        text += value;
        const events = text.split("\n\n");
        text = events.pop() ?? "";
        for (const event of events) {
          const lines = event.split("\n");
          const data = lines.find(line => line.startsWith("data: "));
          if (data && lines.includes("event: status")) yield JSON.parse(data.slice(6));
        }
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  async #json(method, path) {
    return (await this.#fetch(method, path)).json();
  }

  /** @param {string} method @param {string} path @param {HeadersInit} [headers] @param {AbortSignal} [signal] */
  async #fetch(method, path, headers = {}, signal) {
    let response;
    try {
      response = await fetch(path, { method, headers: { ...headers, Authorization: `Bearer ${this.#key}` }, signal });
    } catch {
      signal?.throwIfAborted();
      throw new Problem(unreachable);
    }
    if (response.ok) return response;
    throw problemOf(response.status, await response.text(), name => response.headers.get(name));
  }
}

const unreachable = "The service does not answer. Is it still running?";

/** @returns {Problem|null} */
function problemOf(status, text, header) {
  if (status >= 200 && status < 300) return null;
  let message = `The service answered ${status}.`;
  try {
    message = JSON.parse(text).message ?? message;
  } catch {
    // A proxy in between answers with a page of its own.
  }
  const retryAfter = Number(header("Retry-After")) || null;
  return new Problem(message, { status, retryAfter, trace: header("traceparent")?.split("-")[1] ?? null });
}

/**
 * @param {number} seconds
 * @param {AbortSignal} signal
 */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
