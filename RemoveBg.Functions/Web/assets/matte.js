// The matte: the cut-out's alpha at full resolution, as the service made it and as the brush has changed it.

/** Side of a tile, in pixels. What a stroke changes is kept by tiles, so that undo costs what the stroke covers. */
const TILE = 64;

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */
/** @typedef {Map<number, Uint8Array|number>} Tiles Content by the tile's number; a number fills the tile. */

export class Matte {
  /**
   * @param {number} width
   * @param {number} height
   * @param {Uint8Array} original Alpha from the service.
   * @param {Uint8Array} [current] Alpha after earlier strokes.
   */
  constructor(width, height, original, current = original.slice()) {
    this.width = width;
    this.height = height;
    this.original = original;
    this.current = current;
    this.columns = Math.ceil(width / TILE);
  }

  /** @type {Tiles|null} */ #before = null;
  /** The current stroke's strongest touch at each pixel. @type {Map<number, Uint8Array>} */ #touch = new Map();

  begin() {
    this.#before = new Map();
    this.#touch = new Map();
  }

  /**
   * Paints one dab. Dabs of one stroke do not add up: the strongest counts.
   * @param {{ isErasing: boolean, radius: number, softness: number, strength: number }} brush Radius in pixels of the
   * photo; softness and strength from 0 to 1.
   * @param {number} x
   * @param {number} y
   * @returns {Box|null} The changed part.
   */
  dab(brush, x, y) {
    const { radius, softness, strength, isErasing } = brush;
    const [left, top] = [Math.max(0, Math.floor(x - radius)), Math.max(0, Math.floor(y - radius))];
    const [right, bottom] = [
      Math.min(this.width, Math.ceil(x + radius) + 1),
      Math.min(this.height, Math.ceil(y + radius) + 1),
    ];
    if (left >= right || top >= bottom) return null;
    const hard = radius * (1 - softness);
    const soft = Math.max(radius - hard, 1);
    for (let ty = Math.floor(top / TILE); ty * TILE < bottom; ty++) {
      for (let tx = Math.floor(left / TILE); tx * TILE < right; tx++) {
        const tile = ty * this.columns + tx;
        const [touch, before] = this.#open(tile);
        const [x0, y0] = [tx * TILE, ty * TILE];
        const [fromX, toX] = [Math.max(left, x0), Math.min(right, x0 + TILE)];
        for (let py = Math.max(top, y0); py < Math.min(bottom, y0 + TILE); py++) {
          const dy = py + 0.5 - y;
          for (let px = fromX; px < toX; px++) {
            const dx = px + 0.5 - x;
            const distance = Math.sqrt(dx * dx + dy * dy);
            if (distance >= hard + soft) continue;
            const share = distance <= hard ? 1 : 1 - (distance - hard) / soft;
            const value = 255 * strength * share * share * (3 - 2 * share);
            const at = (py - y0) * TILE + px - x0;
            if (value <= touch[at]) continue;
            touch[at] = value;
            const was = typeof before === "number" ? before : before[at];
            const now = isErasing ? was * (1 - value / 255) : was + (255 - was) * (value / 255);
            this.current[py * this.width + px] = now + 0.5;
          }
        }
      }
    }
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  /** @returns {Tiles|null} What was there before the stroke; null if it has changed nothing. */
  end() {
    const before = this.#before;
    this.#before = null;
    this.#touch = new Map();
    return before?.size ? before : null;
  }

  /**
   * Exchanges tiles with the given ones, which then hold what was here: called twice, it does nothing.
   * @param {Tiles} tiles
   * @returns {Box} The changed part.
   */
  exchange(tiles) {
    let [left, top, right, bottom] = [this.width, this.height, 0, 0];
    for (const [tile, content] of tiles) {
      const kept = this.#read(tile);
      const [x0, y0, width, height] = this.#place(tile);
      for (let y = 0; y < height; y++) {
        const row = (y0 + y) * this.width + x0;
        if (typeof content === "number") this.current.fill(content, row, row + width);
        else this.current.set(content.subarray(y * TILE, y * TILE + width), row);
      }
      tiles.set(tile, kept);
      [left, top] = [Math.min(left, x0), Math.min(top, y0)];
      [right, bottom] = [Math.max(right, x0 + width), Math.max(bottom, y0 + height)];
    }
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  /** @param {number} alpha @returns {Tiles} The whole matte with one alpha. */
  filled(alpha) {
    const count = this.columns * Math.ceil(this.height / TILE);
    return new Map(Array.from({ length: count }, (_, tile) => [tile, alpha]));
  }

  get isTouched() {
    const { original, current } = this;
    for (let i = 0; i < current.length; i++) if (current[i] !== original[i]) return true;
    return false;
  }

  #open(tile) {
    let touch = this.#touch.get(tile);
    if (!touch) this.#touch.set(tile, (touch = new Uint8Array(TILE * TILE)));
    let before = this.#before?.get(tile);
    if (before === undefined) this.#before?.set(tile, (before = this.#read(tile)));
    return /** @type {[Uint8Array, Uint8Array|number]} */ ([touch, before]);
  }

  #place(tile) {
    const [x, y] = [(tile % this.columns) * TILE, Math.floor(tile / this.columns) * TILE];
    return [x, y, Math.min(TILE, this.width - x), Math.min(TILE, this.height - y)];
  }

  /** @returns {Uint8Array|number} */
  #read(tile) {
    const [x0, y0, width, height] = this.#place(tile);
    const content = new Uint8Array(TILE * TILE);
    const first = this.current[y0 * this.width + x0];
    let isFlat = true;
    for (let y = 0; y < height; y++) {
      const row = this.current.subarray((y0 + y) * this.width + x0, (y0 + y) * this.width + x0 + width);
      content.set(row, y * TILE);
      isFlat &&= row.every(value => value === first);
    }
    return isFlat ? first : content;
  }
}

/**
 * Returns the smallest box around alpha of at least 13 of 255 (5 %), or null: fainter haze is no subject.
 * @param {Uint8Array} alpha
 * @param {number} width
 * @param {number} height
 * @returns {Box|null}
 */
export function subjectBox(alpha, width, height) {
  let [left, top, right, bottom] = [width, -1, -1, -1];
  for (let y = 0; y < height; y++) {
    const row = alpha.subarray(y * width, (y + 1) * width);
    let first = 0;
    while (first < width && row[first] < 13) first++;
    if (first === width) continue;
    let last = width - 1;
    while (row[last] < 13) last--;
    if (top < 0) top = y;
    bottom = y;
    left = Math.min(left, first);
    right = Math.max(right, last);
  }
  return top < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * Returns the pixels of a part of the cut-out. Where the subject is opaque they are the photo's own; where the service
 * has taken the old background out of an edge, the service's; where the brush has restored, the photo's again.
 * @param {Uint8ClampedArray} cutOut The service's pixels of that part; overwritten with the result.
 * @param {Uint8ClampedArray|null} photo The photo's pixels of that part; null if the page may not read them.
 * @param {Matte} matte
 * @param {Box} part
 */
export function blend(cutOut, photo, matte, part) {
  for (let y = 0, i = 0; y < part.height; y++) {
    let at = (part.y + y) * matte.width + part.x;
    for (let x = 0; x < part.width; x++, i += 4, at++) {
      const [now, was] = [matte.current[at], matte.original[at]];
      if (photo) {
        if (was === 255) {
          cutOut[i] = photo[i];
          cutOut[i + 1] = photo[i + 1];
          cutOut[i + 2] = photo[i + 2];
        } else if (now > was) {
          const share = (now - was) / (255 - was);
          cutOut[i] += (photo[i] - cutOut[i]) * share;
          cutOut[i + 1] += (photo[i + 1] - cutOut[i + 1]) * share;
          cutOut[i + 2] += (photo[i + 2] - cutOut[i + 2]) * share;
        }
      }
      cutOut[i + 3] = now;
    }
  }
}
