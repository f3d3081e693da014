// Calls the API as any other client does.

export class Problem extends Error {
  constructor(message, { response = null, retryAfter = null } = {}) {
    super(message);
    this.response = response;
    this.retryAfter = retryAfter;
  }
}

const ended = new Set(["succeeded", "failed", "canceled"]);

export class Api {
  #key = null;

  /** @param {string} key Kept in memory only. */
  set key(key) {
    this.#key = key.trim();
  }

  get hasKey() {
    return Boolean(this.#key);
  }

  /** @param {{ file?: File, fields: object }} request Sent as a form if it has a file, else as JSON. */
  submit(request) {
    if (!request.file && !request.background) {
      return this.#call("POST", "/v2/artworks/remove-background", JSON.stringify(request.fields), {
        "Content-Type": "application/json",
      });
    }
    const form = new FormData();
    if (request.file) form.append("image", request.file);
    if (request.background) form.append("background", request.background);
    for (const [name, value] of Object.entries(request.fields)) form.append(name, value);
    return this.#call("POST", "/v2/artworks/remove-background", form);
  }

  cancel(id) {
    return this.#call("POST", `/v2/artworks/${id}/cancel`);
  }

  /** Yields the artwork at once and at each change, until it has ended. */
  async *watch(id) {
    for (let tries = 0; tries < 100; tries++) {
      for await (const artwork of this.#events(id)) {
        yield artwork;
        if (ended.has(artwork.status)) return;
      }
    }
    throw new Problem("Still processing. Check again later.");
  }

  // EventSource cannot send a key.
  async *#events(id) {
    const response = await this.#fetch("GET", `/v2/artworks/${id}/events`, undefined, { Accept: "text/event-stream" });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        text += value;
        const events = text.split("\n\n");
        text = events.pop();
        for (const event of events) {
          const lines = event.split("\n");
          if (lines.includes("event: status")) yield JSON.parse(lines.find(line => line.startsWith("data: ")).slice(6));
        }
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  async #call(method, path, body, headers) {
    const response = await this.#fetch(method, path, body, headers);
    return response.json();
  }

  async #fetch(method, path, body, headers = {}) {
    let response;
    try {
      response = await fetch(path, { method, body, headers: { ...headers, Authorization: `Bearer ${this.#key}` } });
    } catch {
      throw new Problem("The service does not respond. Is it still running?");
    }
    if (response.ok) return response;
    const error = await response
      .json()
      .catch(() => ({ message: `The service responded with ${response.status}.`, statusCode: response.status }));
    const retryAfter = Number(response.headers.get("Retry-After")) || null;
    throw new Problem(error.message, { response: error, retryAfter });
  }
}
