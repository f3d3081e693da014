// Canvases for reading pixels: they stay in main memory.

/**
 * Returns the canvas's context. Browsers return none only if memory has run out.
 * @param {OffscreenCanvas} canvas
 * @returns {OffscreenCanvasRenderingContext2D}
 */
export function contextOf(canvas) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new RangeError(`There is no memory for ${canvas.width} × ${canvas.height} pixels.`);
  return context;
}
