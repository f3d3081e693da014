// An image at full size, and halved again and again: drawn small, it neither flickers nor costs its full size.

import { contextOf } from "./canvas.js";

/** Smallest side of the smallest level, in pixels. */
const SMALLEST = 256;

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

export class Pyramid {
  /** @param {OffscreenCanvas|ImageBitmap|HTMLImageElement} full */
  constructor(full) {
    this.full = full;
    this.width = "naturalWidth" in full ? full.naturalWidth : full.width;
    this.height = "naturalHeight" in full ? full.naturalHeight : full.height;
    /** @type {OffscreenCanvas[]} */
    this.levels = [];
  }

  /** Draws the image with its upper left corner at the origin of `context`, one pixel to one unit. */
  draw(context) {
    const { a } = context.getTransform();
    let level = -1;
    for (let scale = 0.5; scale >= a && Math.min(this.width, this.height) * scale >= SMALLEST; scale /= 2) level++;
    for (let i = this.levels.length; i <= level; i++) this.#add(i);
    context.drawImage(level < 0 ? this.full : this.levels[level], 0, 0, this.width, this.height);
  }

  /** Copies a changed part of the full image to the levels. @param {Box} part */
  update(part) {
    for (let i = 0; i < this.levels.length; i++) this.#copy(i, part);
  }

  #add(i) {
    const shrink = 2 ** (i + 1);
    const level = new OffscreenCanvas(Math.ceil(this.width / shrink), Math.ceil(this.height / shrink));
    this.levels.push(level);
    this.#copy(i, { x: 0, y: 0, width: this.width, height: this.height });
  }

  #copy(i, part) {
    const [from, shrink] = [i ? this.levels[i - 1] : this.full, 2 ** (i + 1)];
    const level = this.levels[i];
    // One pixel more on each side: smoothing reads neighbours.
    const [x, y] = [Math.max(0, Math.floor(part.x / shrink) - 1), Math.max(0, Math.floor(part.y / shrink) - 1)];
    const width = Math.min(level.width, Math.ceil((part.x + part.width) / shrink) + 1) - x;
    const height = Math.min(level.height, Math.ceil((part.y + part.height) / shrink) + 1) - y;
    const context = contextOf(level);
    context.clearRect(x, y, width, height);
    context.drawImage(from, 2 * x, 2 * y, 2 * width, 2 * height, x, y, width, height);
  }
}
