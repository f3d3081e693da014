// Blurs of small planes. Three box blurs in a row are close to a Gaussian (Wells 1986).

/**
 * Blurs a plane in place; outside of it is zero.
 * @param {Float32Array} plane
 * @param {number} width
 * @param {number} height
 * @param {number} sigma Standard deviation, in samples.
 */
export function blur(plane, width, height, sigma) {
  const sums = new Float32Array(Math.max(width, height));
  for (const radius of boxes(sigma)) {
    for (let y = 0; y < height; y++) box(plane, y * width, 1, width, radius, sums);
    for (let x = 0; x < width; x++) box(plane, x, width, height, radius, sums);
  }
}

/** Radii of three boxes; their variances add up to sigma². */
function boxes(sigma) {
  const variance = sigma * sigma * 4;
  let lower = Math.floor(Math.sqrt(variance + 1));
  if (lower % 2 === 0) lower--;
  const few = Math.round((3 * variance - 3 * lower * lower - 12 * lower - 9) / (-4 * lower - 4));
  return [0, 1, 2].map(i => ((i < few ? lower : lower + 2) - 1) / 2);
}

function box(plane, start, step, length, radius, sums) {
  if (radius < 1) return;
  const share = 1 / (2 * radius + 1);
  let sum = 0;
  for (let i = 0; i < Math.min(radius, length); i++) sum += plane[start + i * step];
  for (let i = 0; i < length; i++) {
    if (i + radius < length) sum += plane[start + (i + radius) * step];
    if (i - radius - 1 >= 0) sum -= plane[start + (i - radius - 1) * step];
    sums[i] = sum * share;
  }
  for (let i = 0; i < length; i++) plane[start + i * step] = Math.max(0, sums[i]);
}

/**
 * Returns the shadow below a subject, like the service's option `shadow`.
 * @param {ImageData} small The cut-out, downscaled to at most 512 px.
 * @param {number} extent The subject's longer side, in samples of `small`.
 * @returns {ImageData} Black, with the shadow's alpha. It still has to be moved down by `shadowDrop`.
 */
export function shadowOf(small, extent) {
  const { width, height, data } = small;
  const plane = new Float32Array(width * height);
  for (let i = 0; i < plane.length; i++) plane[i] = data[4 * i + 3];
  blur(plane, width, height, extent * 0.025);
  const shadow = new ImageData(width, height);
  for (let i = 0; i < plane.length; i++) shadow.data[4 * i + 3] = plane[i] * 0.45 + 0.5;
  return shadow;
}

/** Offset of the shadow, as a share of the subject's longer side. */
export const shadowDrop = 0.03;

/**
 * Blurs the photo's background. The subject is taken out first, so that its colours do not glow around it: each pixel
 * is the mean of the background near it (normalised convolution, Knutsson and Westin 1993).
 * @param {ImageData} small The photo, with the subject cut out of it.
 * @param {number} sigma In samples of `small`.
 * @returns {ImageData} Opaque.
 */
export function blurredBackground(small, sigma) {
  const { width, height, data } = small;
  const count = width * height;
  const weight = new Float32Array(count);
  const colours = [0, 1, 2].map(() => new Float32Array(count));
  const fill = [0, 1, 2].map(() => new Float32Array(count));
  const far = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    // Squared: half-transparent edges still have the subject's colour.
    const background = (data[4 * i + 3] / 255) ** 2;
    weight[i] = far[i] = background;
    for (let c = 0; c < 3; c++) colours[c][i] = fill[c][i] = data[4 * i + c] * background;
  }
  for (const plane of [weight, ...colours]) blur(plane, width, height, sigma);
  // Deep inside the subject nothing is near: there the mean of a wide neighbourhood.
  for (const plane of [far, ...fill]) blur(plane, width, height, Math.max(width, height) / 5);
  const result = new ImageData(width, height);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) {
      const backdrop = far[i] > 1e-4 ? fill[c][i] / far[i] : 128;
      result.data[4 * i + c] = (colours[c][i] + backdrop * 0.02) / (weight[i] + 0.02) + 0.5;
    }
    result.data[4 * i + 3] = 255;
  }
  return result;
}
