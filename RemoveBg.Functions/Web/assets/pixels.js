// A photo as the browser sees it: to be shown, and, where the page may read its pixels, to be worked with.

import { Pyramid } from "./pyramid.js";

/**
 * @typedef {object} Pixels
 * @property {ImageBitmap|HTMLImageElement} image
 * @property {Pyramid} pyramid
 * @property {boolean} isReadable
 * @property {number} width
 * @property {number} height
 * @property {() => void} close
 */

/**
 * @param {import("./photo.js").Photo} photo
 * @returns {Promise<Pixels|null>} Null if this browser cannot show it: it cannot decode it, or not reach its server.
 */
export async function readPixels({ file, url }) {
  if (file) {
    const bitmap = await createImageBitmap(file).catch(() => null);
    return bitmap && of(bitmap, true);
  }
  if (!url || !/^https?:/i.test(url)) return null;
  // A server that allows it lets the page read the pixels; others only let it show them.
  const open = await load(url, true);
  if (open) return of(await createImageBitmap(open), true);
  const closed = await load(url, false);
  return closed && of(closed, false);
}

/** @param {ImageBitmap|HTMLImageElement} image @param {boolean} isReadable @returns {Pixels} */
function of(image, isReadable) {
  const pyramid = new Pyramid(image);
  return { image, pyramid, isReadable, width: pyramid.width, height: pyramid.height,
    close: () => "close" in image && image.close() };
}

/** @returns {Promise<HTMLImageElement|null>} */
async function load(url, isAsked) {
  const image = new Image();
  if (isAsked) image.crossOrigin = "anonymous";
  image.src = url;
  return image.decode().then(() => image, () => null);
}
