/** What was wrong in general: the base of this package's errors. */
export declare class RemoveBgError extends Error {}

/** The service refused a request, or failed at it. `message` says what was wrong and what is accepted. */
export declare class ApiError extends RemoveBgError {
  constructor(status: number, message: string, traceparent?: string | null, retryAfter?: number | null);
  /** HTTP status, such as 400. */
  status: number;
  /** The request's id in the operator's logs. */
  traceparent: string | null;
  /** Seconds after which the service asks to be tried again. */
  retryAfter: number | null;
  /** How often the request was sent. */
  attempts: number;
}

/** No response, or not all of it, in spite of the retries. `cause` is the last attempt's error. */
export declare class ConnectionFailed extends RemoveBgError {}

/** The artwork has failed or was canceled. `message` is the reason in words. */
export declare class ArtworkFailed extends RemoveBgError {
  constructor(artwork: Artwork);
  /** A failure code of the API, such as `image_unreachable`; `canceled` after a cancellation. */
  code: string;
  artwork: Artwork;
}

/** The artwork has not ended in time. It goes on: wait again, or cancel it. */
export declare class WaitTimeout extends RemoveBgError {}

/** The request did not come from the service, or is older than the tolerance. */
export declare class WebhookInvalid extends RemoveBgError {}

/** A file, its bytes, or a stream that is read to its end before it is sent. */
export type FileLike =
  | Blob | ArrayBuffer | ArrayBufferView | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** A URL (string or URL), or a file. In Node, `await openAsBlob("photo.jpg")` of node:fs is a Blob. */
export type Photo = string | URL | FileLike;

export type Status = "starting" | "processing" | "succeeded" | "failed" | "canceled";

/** Fields of a request, by the API's names; docs/api.md describes each. */
export interface Options {
  /** An https URL that is called when the artwork has ended. */
  webhook?: string;
  outputFormat?: "auto" | "png" | "webp";
  /** Crops to the subject's rectangle. */
  crop?: boolean;
  /** Margin around it, such as `8%` or `20px 0`. */
  cropMargin?: string;
  /** Share of the image that the subject fills, `10%` to `100%`. */
  scale?: string;
  /** `original`, `center`, or shares of the free space such as `50% 100%`. */
  position?: string;
  /** Region that may contain the subject: `x1 y1 x2 y2` in pixels or percent. */
  roi?: string;
  /** A colour, `blur`, an image's URL, or an image as a file. */
  background?: string | URL | FileLike;
  /** Strength of `background: "blur"`, 1 to 100. */
  backgroundBlur?: number;
  shadow?: boolean;
  /** Maximum longest side in pixels, 16 to 20,000. */
  size?: number;
  /** Maximum area in millions of pixels, 0.01 to 50. */
  megapixels?: number;
  channels?: "rgba" | "alpha" | "background";
  model?: string;
  /** Fails with `no_foreground` when nothing is found. */
  requireForeground?: boolean;
}

/** One job. */
export interface Artwork {
  id: string;
  artworkType: "remove_background";
  parameters: Record<string, unknown>;
  /** Seconds of processing. */
  duration: number;
  /** URLs that work for an hour without a key; empty until the artwork has succeeded. */
  results: string[];
  status: Status;
  createdAt: string;
  error?: { code: string; message: string };
}

export type Outcome = "delivered" | "failed" | "timeout" | "unreachable" | "gone";

/** An artwork's webhook and the attempts to deliver it. */
export interface Deliveries {
  webhookId: string;
  status: "none" | "pending" | "delivered" | "exhausted" | "gone";
  items: {
    attempt: number;
    at: string;
    outcome: Outcome;
    statusCode: number | null;
    /** Seconds. */
    duration: number;
    nextAttemptAt: string | null;
  }[];
}

/** What came back from a webhook that was sent a sample. */
export interface WebhookTest {
  webhookId: string;
  outcome: Outcome;
  statusCode: number | null;
  /** Seconds. */
  duration: number;
  /** At most the first 1,000 bytes of the response's body. */
  response: string | null;
  sent: Artwork;
}

/** `signal` cancels the call, its retries included; it then rejects with the signal's reason. */
export interface Cancellable {
  signal?: AbortSignal;
}

export interface Submission extends Cancellable {
  /** The same key with the same request returns the same artwork; a new one unless given. */
  idempotencyKey?: string;
}

/**
 * Client of one service with one key.
 *
 * Each submission gets an idempotency key of its own, so that a retry never starts a second job. Requests are repeated
 * after 429, 500, 502, 503, 504 and lost connections, after `Retry-After` or with growing pauses. Every method rejects
 * with an ApiError or a ConnectionFailed when that did not help.
 */
export declare class RemoveBgClient {
  /**
   * @param baseUrl The service's address, such as `https://removebg.example.com`.
   * @param apiKey `rbg_…`.
   * @param settings `timeoutMs` of one attempt (100,000), and how often a request is repeated at most (4).
   */
  constructor(baseUrl: string | URL, apiKey: string, settings?: { timeoutMs?: number; retries?: number });

  /**
   * Submits a photo.
   * @param submission `wait`: seconds, 1 to 60, for which the service holds its response until the artwork has ended.
   */
  submit(photo: Photo, options?: Options, submission?: Submission & { wait?: number }): Promise<Artwork>;

  /**
   * Submits up to 50 photos at once: either URLs, or files of at most 36 MiB together.
   * @param options For all photos; with URLs also an array with one for each photo.
   * @returns One artwork for each photo, in the same order.
   */
  submitBatch(photos: readonly Photo[], options?: Options | readonly Options[], submission?: Submission):
    Promise<Artwork[]>;

  /** Reads an artwork as it is now; its result's URL is signed anew for an hour. */
  read(artwork: Artwork | string, settings?: Cancellable): Promise<Artwork>;

  /**
   * Yields an artwork at once and at each change, from server-sent events. Ends when the artwork has ended, and when
   * the service closes the stream (after 210 s); `wait` does the rest. Nothing is retried.
   */
  watch(artwork: Artwork | string, settings?: Cancellable): AsyncGenerator<Artwork, void>;

  /**
   * Waits until an artwork has succeeded: by server-sent events, or by polling if there are none.
   * @param settings `timeoutMs`: 300,000 unless given.
   * @throws {ArtworkFailed} It has failed or was canceled.
   * @throws {WaitTimeout} It has not ended in time; it goes on.
   */
  wait(artwork: Artwork | string, settings?: Cancellable & { timeoutMs?: number }): Promise<Artwork>;

  /**
   * Downloads the result into memory.
   * @param artwork One that has succeeded within the last hour, or an id, which is read first.
   * @throws {TypeError} There is no result: the artwork has not succeeded, or the file is deleted.
   */
  download(artwork: Artwork | string, settings?: Cancellable): Promise<Uint8Array<ArrayBuffer>>;

  /** Downloads the result into a file, which is either complete or not there. Node only. */
  downloadTo(artwork: Artwork | string, file: string, settings?: Cancellable): Promise<void>;

  /** Downloads the result as a stream. Once it has begun, nothing is retried. */
  downloadStream(artwork: Artwork | string, settings?: Cancellable): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;

  /** Cancels an artwork. One that has ended is returned unchanged. */
  cancel(artwork: Artwork | string, settings?: Cancellable): Promise<Artwork>;

  /** Deletes record, result and stored input. */
  delete(artwork: Artwork | string, settings?: Cancellable): Promise<void>;

  /**
   * Yields the key's artworks, newest first, and reads page after page as needed.
   * @param settings `pageSize`: artworks that one request asks for, 1 to 100 (20).
   */
  list(settings?: Cancellable & { status?: Status; pageSize?: number }): AsyncGenerator<Artwork, void>;

  /** Has a signed sample sent to a webhook, and returns what came back. */
  testWebhook(webhook: string, settings?: Cancellable): Promise<WebhookTest>;

  /** Reads the attempts to deliver an artwork's webhook. */
  listDeliveries(artwork: Artwork | string, settings?: Cancellable): Promise<Deliveries>;

  /** Starts a new round of attempts to deliver an artwork's webhook. */
  redeliver(artwork: Artwork | string, settings?: Cancellable): Promise<Deliveries>;
}

/**
 * Checks that a webhook comes from the service (https://www.standardwebhooks.com), and returns its artwork. The same
 * webhook may come again: remember the header `webhook-id` and ignore repeats.
 * @param secret The key's webhook secret, `whsec_…`.
 * @param headers The request's headers: Headers, or an object as in Node.
 * @param body The request's body as it was received, not parsed and written again.
 * @param settings `tolerance`: seconds that the timestamp may be off (300). `now`: seconds since 1970.
 * @throws {WebhookInvalid} A header is missing, the timestamp is off, or no signature matches.
 * @throws {TypeError} `secret` is empty or no base64.
 */
export declare function verifyWebhook(
  secret: string,
  headers: Headers | Record<string, string | string[] | undefined>,
  body: string | ArrayBuffer | Uint8Array,
  settings?: { tolerance?: number; now?: number },
): Promise<Artwork>;
