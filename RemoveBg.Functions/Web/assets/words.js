// What the page says about sizes, times, certainty and failures.

/** @typedef {{ title: string, text: string, way: "again"|"other"|"address"|"box"|"key", code: string }} FailureWords */

/** Certainty from which edges need no closer look. */
export const SURE = 0.8;

export const megabytes = bytes => `${(bytes / 1048576).toFixed(1)} MB`;

/** @param {number} seconds */
export function duration(seconds) {
  for (const [size, name] of /** @type {[number, string][]} */ ([[86400, "day"], [3600, "hour"], [60, "minute"]])) {
    const count = Math.round(seconds / size);
    // A day is said as 24 hours: "after a day" reads like tomorrow.
    if (seconds >= size * (size === 86400 ? 2 : 1)) return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return `${Math.round(seconds)} seconds`;
}

/** @param {number} confidence 0 to 1. */
export function certainty(confidence) {
  const percent = `${Math.round(confidence * 100)} % sure`;
  return confidence >= SURE
    ? { isSure: true, strong: percent, rest: " of the subject" }
    : { isSure: false, strong: `${percent}.`, rest: " Worth a closer look" };
}

/** Formats of photos that the service decodes. */
export const photoFormats = "JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF or JPEG XL";

/** Names of formats by file ending, for files that the browser gives no type. */
const endings = /\.(jpe?g|png|webp|gif|bmp|heic|heif|avif|tiff?|jxl)$/i;

/** @param {File} file */
export const looksLikeImage = file => file.type.startsWith("image/") || (!file.type && endings.test(file.name));

/**
 * Says what has failed and what to do. Codes are those of the API; the page adds its own in the same form.
 * @param {{ code: string|null, message: string, status?: number, trace?: string|null }} failure
 * @param {{ url?: string|null, name: string, settings: Settings }} photo
 * @returns {FailureWords}
 */
export function failureWords({ code, message, status, trace }, { url, settings }) {
  const host = url ? hostOf(url) : "The server";
  const id = trace ? ` ID ${trace}` : "";
  const known = /** @type {Record<string, [string, string, FailureWords["way"]]>} */ ({
    image_url_blocked: ["This address is not allowed",
      "Private networks are off limits. Save the photo and drop it here.", "address"],
    image_unreachable: ["No photo at that address", `${sentence(message)} Check the address.`, "address"],
    image_timeout: [`${host} took too long`, `${sentence(message)} Try again, or save the photo and drop it here.`,
      "again"],
    image_incomplete: ["The photo did not arrive completely", `${host} closed the connection too early.`, "again"],
    image_tls: ["No secure connection", `${host} has no valid certificate for this address. Save the photo and drop it `
      + "here.", "address"],
    too_many_redirects: ["The address redirects too often", `${sentence(message)} Use the photo's own address.`,
      "address"],
    image_too_large: ["The file is too large", `${sentence(message)} Up to ${megabytes(settings.uploadBytes)} from `
      + `here, ${megabytes(settings.downloadBytes)} by address. Make it smaller.`, "other"],
    image_too_many_pixels: ["Too many pixels", `${sentence(message)} ${settings.megapixels} megapixels is the limit. `
      + "Make it smaller.", "other"],
    unsupported_format: ["This file cannot be read", `${sentence(message.replace(/ ?Use [^.]*\.?$/, ""))} Save it as `
      + "JPEG or PNG.", "other"],
    image_corrupt: ["The file is damaged", `${sentence(message)} Export it again.`, "other"],
    no_foreground: ["No subject found",
      "Nothing was cut out. If there is something in the photo, draw a box around it.", "box"],
    storage_unavailable: ["Photos cannot be stored now", "Yours is fine. Try again in a moment.", "again"],
    internal_error: ["The service failed", `Your photo is fine. Try again.${id}`, "again"],
    // The page's own.
    canceled: ["Canceled", "The photo is still here.", "again"],
    erased: [`Erased after ${duration(settings.retentionSeconds)}`, "Choose the photo again.", "other"],
    unknown_artwork: ["Not on this service", "The address names a cut-out that this service does not have, or that "
      + "another key made.", "other"],
    forgotten: ["This browser has forgotten the photo", "Choose it again.", "other"],
    unreachable: ["The service does not answer", "Is it still running? Your photo is still here.", "again"],
    not_an_image: ["This file is not an image", sentence(message), "other"],
    key_refused: ["This key is not accepted", sentence(message), "key"],
    refused: ["The service refused the photo", sentence(message), "other"],
  });
  const own = code ?? (status === 0 ? "unreachable" : status === 401 || status === 403 ? "key_refused"
    : (status ?? 500) >= 500 ? "internal_error" : "refused");
  const [title, text, way] = known[own] ?? ["The photo could not be cut out", sentence(message), "again"];
  return { title, text: own === "internal_error" && message && !code ? `${sentence(message)} ${text}` : text, way,
    code: own };
}

const sentence = text => (/[.!?]$/.test(text) ? text : `${text}.`);

/** @param {string} url */
export function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return "The server";
  }
}

/** @param {string} url @returns {string} A name for the photo of an address. */
export function nameOf(url) {
  try {
    const { pathname, host } = new URL(url);
    return decodeURIComponent(pathname.split("/").pop() || host);
  } catch {
    // The service says what is wrong with it.
    return "photo";
  }
}

/**
 * @typedef {object} Settings What the service says about itself.
 * @property {string|null} developmentKey
 * @property {number} retentionSeconds
 * @property {number} uploadBytes
 * @property {number} downloadBytes
 * @property {number} megapixels
 * @property {string|null} model
 * @property {{ name: string, about: string, isInstalled: boolean }[]} models
 */
