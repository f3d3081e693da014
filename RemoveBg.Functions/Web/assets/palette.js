// Five colours of a photo that go well behind its subject, because they are in it.

import { contextOf } from "./canvas.js";

/** Share of a colour that differs enough from those taken: squared distance in RGB. */
const APART = 60 ** 2;

/**
 * @param {import("./pyramid.js").Pyramid} photo
 * @param {number} count
 * @returns {string[]} As `#rrggbb`, the most frequent first.
 */
export function palette(photo, count) {
  const side = 64;
  const context = contextOf(new OffscreenCanvas(side, side));
  context.setTransform(side / photo.width, 0, 0, side / photo.height, 0, 0);
  photo.draw(context);
  const { data } = context.getImageData(0, 0, side, side);
  /** @type {Map<number, number[]>} Sums of red, green, blue and the number of pixels, by four bits of each. */
  const bins = new Map();
  for (let i = 0; i < data.length; i += 4) {
    const bin = ((data[i] >> 4) << 8) | ((data[i + 1] >> 4) << 4) | (data[i + 2] >> 4);
    const sums = bins.get(bin) ?? [0, 0, 0, 0];
    for (let c = 0; c < 3; c++) sums[c] += data[i + c];
    sums[3]++;
    bins.set(bin, sums);
  }
  const colours = [...bins.values()].sort((a, b) => b[3] - a[3]).map(sums => sums.slice(0, 3).map(s => s / sums[3]));
  /** @type {number[][]} */ const taken = [];
  for (const colour of colours) {
    if (taken.length === count) break;
    if (taken.every(other => other.reduce((sum, value, c) => sum + (value - colour[c]) ** 2, 0) > APART))
      taken.push(colour);
  }
  return taken.map(colour => `#${colour.map(value => Math.round(value).toString(16).padStart(2, "0")).join("")}`);
}
