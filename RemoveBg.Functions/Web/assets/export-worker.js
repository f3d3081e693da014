// Writes the file: decodes the photo and the service's result again, at full resolution, and draws the scene.

import { contextOf } from "./canvas.js";
import { frameOf, sizeOf } from "./frame.js";
import { Pyramid } from "./pyramid.js";
import { Scene } from "./scene.js";

/**
 * @typedef {object} ExportRequest
 * @property {number} number
 * @property {Blob} result The service's file.
 * @property {Blob|ImageBitmap|null} photo Null if the page may not read it.
 * @property {Uint8Array|null} current The matte after strokes; null without strokes.
 * @property {Blob|null} picture The visitor's own background.
 * @property {import("./scene.js").Edits} edits
 * @property {"png"|"webp"|"jpeg"|"matte"} format
 */

addEventListener("message", async event => {
  const { number } = event.data;
  try {
    postMessage({ number, ...(await write(event.data)) });
  } catch (problem) {
    postMessage({ number, problem: String(problem) });
  }
});

/** @param {ExportRequest} request */
async function write({ result, photo, current, picture, edits, format }) {
  const readable = photo instanceof Blob ? await createImageBitmap(photo).catch(() => null) : photo;
  const scene = await Scene.of(result, readable, true, current);
  if (picture) scene.picture = new Pyramid(await createImageBitmap(picture));
  const frame = frameOf(edits.crop, scene, scene.subject);
  const { width, height, scale } = sizeOf(frame, edits.crop.longest);
  const canvas = new OffscreenCanvas(width, height);
  const context = contextOf(canvas);
  context.setTransform(scale, 0, 0, scale, -frame.x * scale, -frame.y * scale);
  if (format === "matte") {
    scene.cutOut.draw(context);
    const pixels = context.getImageData(0, 0, width, height);
    greyAlpha(pixels.data);
    context.putImageData(pixels, 0, 0);
  } else {
    scene.draw(context, edits, frame);
  }
  scene.close();
  readable?.close();
  const type = { png: "image/png", webp: "image/webp", jpeg: "image/jpeg", matte: "image/png" }[format];
  return { file: await canvas.convertToBlob({ type, quality: 0.92 }), width, height };
}

/** Turns alpha into opaque grey. @param {Uint8ClampedArray} data */
function greyAlpha(data) {
  for (let i = 0; i < data.length; i += 4) {
    data[i] = data[i + 1] = data[i + 2] = data[i + 3];
    data[i + 3] = 255;
  }
}
