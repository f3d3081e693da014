// The panel Code: request, answer and programs for exactly what is on the stage.

import { snippets } from "./snippets.js";
import { Tabs } from "./tabs.js";
import { duration } from "./words.js";

const by = id => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Says what the API must be asked for what is on the stage, and what it cannot repeat.
 * @param {import("./photo.js").Photo} photo
 * @param {import("./export.js").Format} format
 */
export function apiRequest(photo, format) {
  const { edits } = photo;
  const { background, crop } = edits;
  /** @type {Record<string, string|number|boolean>} */
  const fields = photo.fields;
  /** @type {string[]} */
  const missing = [];
  fields.outputFormat = format === "webp" ? "webp" : "png";
  if (format === "jpeg") missing.push("write JPEG");
  if (format === "matte") fields.channels = "alpha";
  if (format !== "matte") {
    if (background.kind === "colour") fields.background = background.colour;
    if (background.kind === "blur") Object.assign(fields, { background: "blur", backgroundBlur: background.strength });
    if (edits.shadow) fields.shadow = true;
  }
  if (crop.shape === "subject" && !crop.dx && !crop.dy) {
    fields.crop = true;
    if (crop.margin) fields.cropMargin = `${crop.margin}%`;
  } else if (crop.shape !== "photo") {
    missing.push("crop to this frame");
  }
  if (crop.longest) fields.size = crop.longest;
  if (photo.matte) missing.push("repeat brush strokes");
  const picture = format !== "matte" && background.kind === "picture" && photo.picture ? "background.jpg" : null;
  return { fields, missing, file: photo.file ? photo.name : null, picture };
}

export class CodePanel {
  #tabs = new Tabs();

  /** @param {import("./studio.js").Studio} studio */
  constructor(studio) {
    this.studio = studio;
  }

  render() {
    const { current, format, settings } = this.studio;
    if (!current) return;
    const { fields, missing, file, picture } = apiRequest(current, format);
    const files = { ...(file && current.file ? { image: described(file, current.file) } : {}),
      ...(picture && current.picture ? { background: described(picture, current.picture) } : {}) };
    const kind = file || picture ? "multipart/form-data" : "application/json";
    this.#tabs.fill({
      ...snippets({ url: location.origin, file, background: picture, fields }),
      Request: `POST ${location.origin}/v2/artworks/remove-background\nContent-Type: ${kind}\n\n`
        + JSON.stringify({ ...files, ...fields }, null, 2),
      Response: current.artwork ? JSON.stringify(current.artwork, null, 2) : "There is no response yet.",
    });
    const { artwork, confidence } = current;
    const rows = artwork ? [
      ["Status", artwork.status],
      ["Artwork", artwork.id],
      ["Model", [current.model ?? settings.model, confidence !== null && `${Math.round(confidence * 100)} % sure`]
        .filter(Boolean).join(", ")],
      ["Time", `${artwork.duration.toFixed(3)} s of work`],
      ["Kept", `for ${duration(settings.retentionSeconds)}`],
    ] : [];
    by("answer").replaceChildren(...rows.map(([name, value]) => {
      const row = document.createElement("div");
      row.append(Object.assign(document.createElement("dt"), { textContent: name }),
        Object.assign(document.createElement("dd"), { textContent: value }));
      return row;
    }));
    by("code-note").hidden = missing.length === 0;
    by("code-note").textContent = `The API does not ${listed(missing)}: this page did that itself.`;
  }
}

const described = (name, file) => `${name} (${file.size} bytes, ${file.type || "unknown type"})`;

/** @param {string[]} items */
const listed = items => (items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`);
