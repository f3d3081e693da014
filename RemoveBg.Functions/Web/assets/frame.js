// The frame of the result: which part of the plane around the photo the result shows, and at what size.

/** @typedef {{ x: number, y: number, width: number, height: number }} Box In pixels of the photo. */
/** @typedef {"photo"|"subject"|"free"|"1:1"|"4:5"|"3:4"|"16:9"} Shape */
/**
 * @typedef {object} Crop
 * @property {Shape} shape
 * @property {number} margin Percent of the subject, on each side.
 * @property {number} dx Offset of the frame from its place, in pixels of the photo.
 * @property {number} dy
 * @property {Box|null} free The frame that the visitor has drawn; only with the shape "free".
 * @property {number|null} longest Limit of the result's longest side, in pixels.
 */

/** @returns {Crop} The whole photo. */
export const noCrop = () => ({ shape: "photo", margin: 8, dx: 0, dy: 0, free: null, longest: null });

/** Shapes with a fixed ratio of width to height. @type {Record<string, number>} */
export const ratios = { "1:1": 1, "4:5": 4 / 5, "3:4": 3 / 4, "16:9": 16 / 9 };

/**
 * Returns the frame of a crop. It may be larger than the photo.
 * @param {Crop} crop
 * @param {{ width: number, height: number }} photo
 * @param {Box|null} subject Null if there is none: the photo is the subject.
 * @returns {Box}
 */
export function frameOf(crop, photo, subject) {
  const whole = { x: 0, y: 0, width: photo.width, height: photo.height };
  if (crop.shape === "photo") return whole;
  if (crop.shape === "free" && crop.free) return crop.free;
  const { x, y, width, height } = subject ?? whole;
  const [beside, above] = [Math.round((width * crop.margin) / 100), Math.round((height * crop.margin) / 100)];
  let [frameWidth, frameHeight] = [width + 2 * beside, height + 2 * above];
  const ratio = ratios[crop.shape];
  if (ratio) {
    frameWidth = Math.max(frameWidth, Math.round(frameHeight * ratio));
    frameHeight = Math.max(frameHeight, Math.round(frameWidth / ratio));
  }
  return {
    x: Math.round(x + (width - frameWidth) / 2 + crop.dx),
    y: Math.round(y + (height - frameHeight) / 2 + crop.dy),
    width: frameWidth,
    height: frameHeight,
  };
}

/**
 * Returns the result's size: that of the frame, reduced to the longest side. Nothing is enlarged.
 * @param {Box} frame
 * @param {number|null} longest
 */
export function sizeOf(frame, longest) {
  const scale = longest ? Math.min(1, longest / Math.max(frame.width, frame.height)) : 1;
  return {
    width: Math.max(1, Math.round(frame.width * scale)),
    height: Math.max(1, Math.round(frame.height * scale)),
    scale,
  };
}

/** @param {Box} a @param {Box} b @returns {Box} The smallest box around both. */
export function union(a, b) {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y };
}
