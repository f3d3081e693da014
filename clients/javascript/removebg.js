// Client for RemoveBg's API, for browsers and Node 20.3 or later. removebg.d.ts documents what is exported.

const RETRIED = new Set([429, 500, 502, 503, 504]);
const ENDED = new Set(["succeeded", "failed", "canceled"]);
const LONGEST_PAUSE_MS = 60_000;
const POLL_MS = 2_000;
// The service sends an event every 15 s.
const STREAM_SILENCE_MS = 30_000;

export class RemoveBgError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

export class ApiError extends RemoveBgError {
  constructor(status, message, traceparent = null, retryAfter = null) {
    super(message);
    this.status = status;
    this.traceparent = traceparent;
    this.retryAfter = retryAfter;
    this.attempts = 1;
  }
}

export class ConnectionFailed extends RemoveBgError {}

export class ArtworkFailed extends RemoveBgError {
  constructor(artwork) {
    const { code, message } = artwork.error ?? {
      code: artwork.status, message: `The artwork was ${artwork.status}.`,
    };
    super(message);
    this.code = code;
    this.artwork = artwork;
  }
}

export class WaitTimeout extends RemoveBgError {}

export class WebhookInvalid extends RemoveBgError {}

export class RemoveBgClient {
  #base;
  #key;
  #timeoutMs;
  #retries;

  constructor(baseUrl, apiKey, { timeoutMs = 100_000, retries = 4 } = {}) {
    this.#base = String(baseUrl).replace(/\/+$/, "");
    this.#key = apiKey;
    this.#timeoutMs = timeoutMs;
    this.#retries = retries;
  }

  async submit(photo, options = {}, { wait, idempotencyKey, signal } = {}) {
    const fields = { ...options, [isFile(photo) ? "image" : "imageUrl"]: photo };
    const body = Object.values(fields).some(isFile) ? await form(Object.entries(fields)) : JSON.stringify(fields);
    const headers = wait === undefined ? {} : { Prefer: `wait=${wait}` };
    return this.#submit("/v2/artworks/remove-background", body, idempotencyKey, signal, headers);
  }

  async submitBatch(photos, options = {}, { idempotencyKey, signal } = {}) {
    const files = photos.filter(isFile).length;
    if (files !== 0 && files !== photos.length) {
      throw new TypeError("photos: expected either URLs or files, not both in one batch.");
    }
    const each = Array.isArray(options) ? options : photos.map(() => options);
    if (each.length !== photos.length) {
      throw new TypeError(`options: expected ${photos.length}, one for each photo, not ${each.length}.`);
    }
    if (files && Array.isArray(options)) {
      throw new TypeError("options: files of one batch share theirs; expected one object.");
    }
    if (!files && each.some(own => isFile(own.background ?? ""))) {
      throw new TypeError("background: expected a colour, 'blur' or a URL in a batch of URLs, not a file.");
    }
    const body = files
      ? await form([...photos.map(photo => ["images", photo]), ...Object.entries(options)])
      : JSON.stringify({ artworks: photos.map((photo, index) => ({ ...each[index], imageUrl: photo })) });
    return (await this.#submit("/v2/artworks/batch", body, idempotencyKey, signal)).items;
  }

  read(artwork, { signal } = {}) {
    return this.#call("GET", path(artwork), { signal });
  }

  async *watch(artwork, { signal } = {}) {
    const silence = new AbortController();
    let timer, reader;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), STREAM_SILENCE_MS);
    };
    heard();
    try {
      const url = this.#base + path(artwork, "/events");
      const headers = { Authorization: `Bearer ${this.#key}`, Accept: "text/event-stream" };
      const response = await this.#attempt("GET", url, { headers, signal: either(signal, silence.signal) });
      if (!/^text\/event-stream\b/.test(response.headers.get("Content-Type") ?? "")) {
        throw new ConnectionFailed(`${url} is no event stream.`);
      }
      reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        heard();
        const events = (text + value).split(/\r?\n\r?\n/);
        text = events.pop();
        for (const event of events) {
          const now = artworkOf(event);
          if (now) yield now;
        }
      }
    } catch (error) {
      throw asOurs(error, signal);
    } finally {
      clearTimeout(timer);
      silence.abort();
      reader?.cancel().catch(() => {});
    }
  }

  async wait(artwork, { timeoutMs = 300_000, signal } = {}) {
    if (ENDED.has(artwork.status)) return succeeded(artwork);
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return succeeded(await this.#untilEnded(artwork, either(signal, limit)));
    } catch (error) {
      if (error === limit.reason && limit.aborted) {
        throw new WaitTimeout(`Artwork ${idOf(artwork)} has not ended after ${timeoutMs} ms.`);
      }
      throw error;
    }
  }

  async download(artwork, { signal } = {}) {
    const url = await this.#result(artwork, signal);
    const read = async response => new Uint8Array(await response.arrayBuffer());
    return this.#retry(() => this.#attempt("GET", url, { signal }, read), signal);
  }

  async downloadTo(artwork, file, { signal } = {}) {
    const { rename, rm, writeFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ "node:fs/promises");
    const data = await this.download(artwork, { signal });
    const part = `${file}.${randomKey()}.part`;
    try {
      await writeFile(part, data);
      await rename(part, file);
    } finally {
      await rm(part, { force: true });
    }
  }

  async downloadStream(artwork, { signal } = {}) {
    const url = await this.#result(artwork, signal);
    return (await this.#retry(() => this.#attempt("GET", url, { signal }), signal)).body;
  }

  cancel(artwork, { signal } = {}) {
    return this.#call("POST", path(artwork, "/cancel"), { signal });
  }

  async delete(artwork, { signal } = {}) {
    try {
      await this.#call("DELETE", path(artwork), { signal });
    } catch (error) {
      // The first attempt did it, and only its response was lost.
      if (error.status !== 404 || error.attempts === 1) throw error;
    }
  }

  async *list({ status, pageSize = 20, signal } = {}) {
    for (let cursor = ""; cursor !== null; ) {
      const query = new URLSearchParams({ limit: pageSize, ...(status && { status }), ...(cursor && { cursor }) });
      const page = await this.#call("GET", `/v2/artworks?${query}`, { signal });
      yield* page.items;
      cursor = page.nextCursor;
    }
  }

  testWebhook(webhook, { signal } = {}) {
    const headers = { "Content-Type": "application/json" };
    return this.#call("POST", "/v2/webhook-test", { headers, body: JSON.stringify({ webhook }), signal });
  }

  listDeliveries(artwork, { signal } = {}) {
    return this.#call("GET", path(artwork, "/webhook-deliveries"), { signal });
  }

  redeliver(artwork, { signal } = {}) {
    return this.#call("POST", path(artwork, "/webhook-deliveries/redeliver"), { signal });
  }

  async #untilEnded(artwork, signal) {
    try {
      for await (const now of this.watch(artwork, { signal })) if (ENDED.has(now.status)) return now;
    } catch (error) {
      // Polling reports what is wrong, unless it was only the stream.
      if (!(error instanceof RemoveBgError)) throw error;
    }
    for (;;) {
      let pauseMs = POLL_MS;
      const now = await this.#call("GET", path(artwork), { signal }, response => {
        pauseMs = retryAfterMs(response) ?? POLL_MS;
        return response.json();
      });
      if (ENDED.has(now.status)) return now;
      await sleep(pauseMs, signal);
    }
  }

  #submit(where, body, idempotencyKey = randomKey(), signal, headers = {}) {
    // fetch itself names the boundary of a form.
    const type = typeof body === "string" ? { "Content-Type": "application/json" } : {};
    return this.#call("POST", where, {
      body, headers: { ...headers, ...type, "Idempotency-Key": idempotencyKey }, signal,
    });
  }

  #call(method, where, { body, headers, signal }, read = json) {
    const own = { ...headers, Accept: "application/json", Authorization: `Bearer ${this.#key}` };
    const request = { body, headers: own, signal };
    return this.#retry(() => this.#attempt(method, this.#base + where, request, read), signal);
  }

  async #attempt(method, url, { body, headers, signal }, read = response => response) {
    const limit = new AbortController();
    const timer = setTimeout(
      () => limit.abort(new DOMException(`No response within ${this.#timeoutMs} ms.`, "TimeoutError")),
      this.#timeoutMs);
    try {
      const response = await fetch(url, { method, body, headers, signal: either(signal, limit.signal) });
      if (!response.ok) throw await apiError(response);
      return await read(response);
    } catch (error) {
      throw asOurs(error, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #retry(action, signal) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await action();
      } catch (error) {
        if (error instanceof ApiError) error.attempts = attempt;
        const mayPass = error instanceof ConnectionFailed || (error instanceof ApiError && RETRIED.has(error.status));
        // Half of it is random, so that clients that failed together do not come back together.
        const backoffMs = Math.min(8_000, 500 * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
        const pauseMs = error.retryAfter == null ? backoffMs : error.retryAfter * 1000;
        if (!mayPass || attempt > this.#retries || pauseMs > LONGEST_PAUSE_MS) throw error;
        await sleep(pauseMs, signal);
      }
    }
  }

  async #result(artwork, signal) {
    const found = typeof artwork === "string" ? await this.read(artwork, { signal }) : artwork;
    if (!found.results.length) {
      throw new TypeError(`Artwork ${found.id} has no result: its status is ${found.status}.`);
    }
    return found.results[0];
  }
}

export async function verifyWebhook(secret, headers, body, { tolerance = 300, now = Date.now() / 1000 } = {}) {
  const all = new Headers();
  const given = typeof headers.forEach === "function" ? [...headers] : Object.entries(headers);
  for (const [name, value] of given) if (/^webhook-/i.test(name)) all.set(name, value);
  const [id, timestamp] = [all.get("webhook-id"), all.get("webhook-timestamp") ?? ""];
  if (!id || !/^\d+$/.test(timestamp)) {
    throw new WebhookInvalid("webhook-id or webhook-timestamp is missing or malformed.");
  }
  if (Math.abs(now - Number(timestamp)) > tolerance) {
    throw new WebhookInvalid(`webhook-timestamp is more than ${tolerance} s off.`);
  }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body);
  const signed = await new Blob([`${id}.${timestamp}.`, bytes]).arrayBuffer();
  const raw = fromBase64(secret.replace(/^whsec_/, ""));
  // With an empty key, which a variable that is not set would give, anyone could sign.
  if (!raw?.length) throw new TypeError("secret: expected whsec_ and base64.");
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  // Several signatures while a secret is rotated. subtle.verify compares in constant time.
  for (const signature of (all.get("webhook-signature") ?? "").split(" ")) {
    const value = signature.startsWith("v1,") && fromBase64(signature.slice(3));
    if (value && await crypto.subtle.verify("HMAC", key, value, signed)) {
      return JSON.parse(new TextDecoder().decode(bytes));
    }
  }
  throw new WebhookInvalid("webhook-signature has no signature that matches.");
}

/** Browsers have crypto.randomUUID in secure contexts only. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");
}

const idOf = artwork => (typeof artwork === "string" ? artwork : artwork.id);
const path = (artwork, below = "") => `/v2/artworks/${encodeURIComponent(idOf(artwork))}${below}`;
const json = async response => (response.status === 204 ? null : response.json());
const either = (...signals) => AbortSignal.any(signals.filter(Boolean));
const isFile = value => typeof value === "object" && value !== null && !(value instanceof URL);

function succeeded(artwork) {
  if (artwork.status !== "succeeded") throw new ArtworkFailed(artwork);
  return artwork;
}

/** Errors of fetch become ours; the caller's own cancellation stays what it is. */
function asOurs(error, signal) {
  if (error instanceof RemoveBgError) return error;
  if (signal?.aborted) return signal.reason;
  return new ConnectionFailed(error.cause?.message ?? error.message, { cause: error });
}

async function apiError(response) {
  const answer = await response.json().catch(() => null);
  const pauseMs = retryAfterMs(response);
  return new ApiError(response.status, answer?.message ?? (response.statusText || "no reason given"),
    response.headers.get("traceparent"), pauseMs === null ? null : pauseMs / 1000);
}

/** RFC 9110, section 10.2.3: seconds or a date. */
function retryAfterMs(response) {
  const text = response.headers.get("Retry-After");
  if (text === null) return null;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

async function form(fields) {
  const body = new FormData();
  for (const [name, value] of fields) {
    if (value === undefined || value === null) continue;
    if (!isFile(value)) body.append(name, String(value));
    else {
      const blob = await blobOf(name, value);
      body.append(name, blob, blob.name ?? name);
    }
  }
  return body;
}

/** Streams are read to their end, so that a retry can send them again. */
async function blobOf(name, value) {
  if (value instanceof Blob) return value;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return new Blob([value]);
  if (value instanceof ReadableStream) return new Response(value).blob();
  if (!value[Symbol.asyncIterator]) throw new TypeError(`${name}: expected a URL, a Blob, bytes or a stream.`);
  const chunks = [];
  for await (const chunk of value) chunks.push(chunk);
  return new Blob(chunks);
}

/** The artwork of an event (WHATWG HTML, section 9.2); null for those that only keep the connection open. */
function artworkOf(event) {
  const lines = event.split(/\r?\n/);
  if (!lines.some(line => /^event: ?status$/.test(line))) return null;
  return JSON.parse(lines.filter(line => line.startsWith("data:")).map(line => line.slice(5)).join("\n"));
}

function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), character => character.charCodeAt(0));
  } catch {
    return null;
  }
}
