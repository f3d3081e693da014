// What the result consists of, and how it is drawn: on the stage, and by the worker that writes the file. One drawing
// for both, so that the file is what was seen.

import { contextOf } from "./canvas.js";
import { blurredBackground, shadowDrop, shadowOf } from "./filters.js";
import { frameOf, sizeOf } from "./frame.js";
import { Matte, blend, subjectBox } from "./matte.js";
import { Pyramid } from "./pyramid.js";

/** @typedef {import("./frame.js").Box} Box */
/**
 * @typedef {object} Background
 * @property {"none"|"colour"|"blur"|"picture"} kind
 * @property {string} colour As `#rrggbb`.
 * @property {number} strength Of the blur, 1 to 100.
 */
/**
 * @typedef {object} Edits What the visitor has chosen; everything except the brush's strokes.
 * @property {Background} background
 * @property {import("./frame.js").Crop} crop
 * @property {boolean} shadow
 */

/** Longest side of the planes that are blurred, in pixels. */
const SMALL = 512;

/** Rows that are computed before the page gets a turn. */
const BAND = 128;

export class Scene {
  /** @type {OffscreenCanvas|null} */ #shadow = null;
  /** @type {{ canvas: OffscreenCanvas, strength: number }|null} */ #blur = null;
  #shadowScale = 1;
  #shadowMargin = 0;

  /**
   * @param {Pyramid} cutOut
   * @param {Pyramid|null} photo
   * @param {boolean} isReadable Whether the photo's pixels may be read.
   * @param {Matte} matte
   * @param {ImageBitmap} result The service's file.
   */
  constructor(cutOut, photo, isReadable, matte, result) {
    this.cutOut = cutOut;
    this.photo = photo;
    this.isReadable = isReadable;
    this.matte = matte;
    this.result = result;
    this.width = cutOut.width;
    this.height = cutOut.height;
    /** @type {Box|null} */
    this.subject = subjectBox(matte.current, this.width, this.height);
    /** @type {Pyramid|null} The visitor's own picture. */
    this.picture = null;
    this.scratch = contextOf(new OffscreenCanvas(1, 1));
  }

  /**
   * Decodes and puts together.
   * @param {Blob} resultFile
   * @param {ImageBitmap|HTMLImageElement|null} photo
   * @param {boolean} isReadable Whether the photo's pixels may be read.
   * @param {Uint8Array|null} current The matte after earlier strokes.
   */
  static async of(resultFile, photo, isReadable, current) {
    const result = await createImageBitmap(resultFile);
    const { width, height } = result;
    const photoWidth = photo && ("naturalWidth" in photo ? photo.naturalWidth : photo.width);
    const photoHeight = photo && ("naturalHeight" in photo ? photo.naturalHeight : photo.height);
    // A photo of another size is not what the service has seen: a browser may ignore an orientation, for example.
    const fits = photoWidth === width && photoHeight === height;
    const canvas = new OffscreenCanvas(width, height);
    const alpha = new Uint8Array(width * height);
    const shown = fits ? photo : null;
    const matte = new Matte(width, height, alpha, current ?? alpha);
    const pyramid = new Pyramid(canvas);
    const scene = new Scene(pyramid, shown && new Pyramid(shown), fits && isReadable, matte, result);
    contextOf(canvas);
    for (let y = 0; y < height; y += BAND) {
      const part = { x: 0, y, width, height: Math.min(BAND, height - y) };
      const pixels = scene.#read(result, part);
      for (let i = 3, at = y * width; i < pixels.data.length; i += 4, at++) alpha[at] = pixels.data[i];
      scene.#write(part, pixels);
      if (y % (8 * BAND) === 0) await new Promise(resolve => setTimeout(resolve));
    }
    if (!current) matte.current = alpha.slice();
    scene.subject = subjectBox(matte.current, width, height);
    return scene;
  }

  /** Brings a part of the cut-out up to date with the matte. @param {Box} part */
  update(part) {
    this.#write(part, this.#read(this.result, part));
    this.cutOut.update(part);
  }

  /** After a stroke: the subject may have another size, and another shadow. */
  settle() {
    this.subject = subjectBox(this.matte.current, this.width, this.height);
    this.#shadow = null;
    this.#blur = null;
  }

  /** @param {Edits} edits @returns {{ width: number, height: number }} Size of the file, in pixels. */
  outputSize(edits) {
    return sizeOf(frameOf(edits.crop, this, this.subject), edits.crop.longest);
  }

  /** Frees the images that are its own. The photo belongs to the caller. */
  close() {
    this.result.close();
    if (this.picture && "close" in this.picture.full) this.picture.full.close();
  }

  /**
   * Draws backdrop, shadow and cut-out. One unit of `context` is one pixel of the photo.
   * @param {OffscreenCanvasRenderingContext2D|CanvasRenderingContext2D} context
   * @param {Edits} edits
   * @param {Box} frame
   */
  draw(context, edits, frame) {
    context.save();
    context.beginPath();
    context.rect(frame.x, frame.y, frame.width, frame.height);
    context.clip();
    this.#backdrop(context, edits.background, frame);
    if (edits.shadow) this.#drawShadow(context);
    this.cutOut.draw(context);
    context.restore();
  }

  /** @param {any} context @param {Background} background @param {Box} frame */
  #backdrop(context, background, frame) {
    if (background.kind === "colour") {
      context.fillStyle = background.colour;
      context.fillRect(frame.x, frame.y, frame.width, frame.height);
    } else if (background.kind === "blur" && this.isReadable) {
      const { canvas } = this.#blurred(background.strength);
      // It stays where it was in the photo, unless the frame shows more than the photo.
      const { x, y, width, height } = frame;
      const isInside = x >= 0 && y >= 0 && x + width <= this.width && y + height <= this.height;
      cover(context, new Pyramid(canvas), isInside ? { x: 0, y: 0, width: this.width, height: this.height } : frame);
    } else if (background.kind === "picture" && this.picture) {
      cover(context, this.picture, frame);
    }
  }

  #drawShadow(context) {
    if (!this.subject) return;
    const extent = Math.max(this.subject.width, this.subject.height);
    const shadow = (this.#shadow ??= this.#makeShadow(extent));
    const [scale, margin] = [this.#shadowScale, this.#shadowMargin];
    context.drawImage(shadow, -margin * scale, -margin * scale + extent * shadowDrop, shadow.width * scale,
      shadow.height * scale);
  }

  #makeShadow(extent) {
    const scale = Math.max(1, Math.max(this.width, this.height) / SMALL);
    const margin = Math.ceil((extent * 0.1) / scale);
    const [width, height] = [
      Math.ceil(this.width / scale) + 2 * margin,
      Math.ceil(this.height / scale) + 2 * margin,
    ];
    const small = new OffscreenCanvas(width, height);
    const context = contextOf(small);
    context.setTransform(1 / scale, 0, 0, 1 / scale, margin, margin);
    this.cutOut.draw(context);
    context.putImageData(shadowOf(context.getImageData(0, 0, width, height), extent / scale), 0, 0);
    [this.#shadowScale, this.#shadowMargin] = [scale, margin];
    return small;
  }

  /** @param {number} strength @returns {{ canvas: OffscreenCanvas, strength: number }} */
  #blurred(strength) {
    if (this.#blur?.strength === strength) return this.#blur;
    const scale = SMALL / 2 / Math.max(this.width, this.height);
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(this.width * scale)),
      Math.max(1, Math.round(this.height * scale)),
    );
    const context = contextOf(canvas);
    context.setTransform(canvas.width / this.width, 0, 0, canvas.height / this.height, 0, 0);
    this.photo?.draw(context);
    context.globalCompositeOperation = "destination-out";
    this.cutOut.draw(context);
    const small = context.getImageData(0, 0, canvas.width, canvas.height);
    // As the service does (backgroundBlur): at 100, the standard deviation is 4 % of the longer side.
    const sigma = Math.max(0.6, 0.04 * (strength / 100) * Math.max(canvas.width, canvas.height));
    context.putImageData(blurredBackground(small, sigma), 0, 0);
    return (this.#blur = { canvas, strength });
  }

  /** @param {CanvasImageSource} image @param {Box} part */
  #read(image, part) {
    const { x, y, width, height } = part;
    const { canvas } = this.scratch;
    if (canvas.width < width || canvas.height < height) {
      canvas.width = Math.max(canvas.width, width);
      canvas.height = Math.max(canvas.height, height);
    }
    this.scratch.clearRect(0, 0, width, height);
    this.scratch.drawImage(image, x, y, width, height, 0, 0, width, height);
    return this.scratch.getImageData(0, 0, width, height);
  }

  /** @param {Box} part */
  #write(part, pixels) {
    const photo = this.isReadable && this.photo ? this.#read(this.photo.full, part).data : null;
    blend(pixels.data, photo, this.matte, part);
    contextOf(/** @type {OffscreenCanvas} */ (this.cutOut.full)).putImageData(pixels, part.x, part.y);
  }
}

/**
 * Covers a box with an image, as large as it must be, centred.
 * @param {any} context
 * @param {Pyramid} image
 * @param {Box} box
 */
function cover(context, image, box) {
  const scale = Math.max(box.width / image.width, box.height / image.height);
  context.save();
  context.translate(
    box.x + (box.width - image.width * scale) / 2,
    box.y + (box.height - image.height * scale) / 2,
  );
  context.scale(scale, scale);
  image.draw(context);
  context.restore();
}
