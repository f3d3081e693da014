// Where the picture lies on the stage: zoom and pan. Numbers are CSS pixels of the stage, and pixels of the picture.

const LEAST = 0.02;
const MOST = 32;

export class View {
  /** CSS pixels per pixel of the picture. */
  scale = 1;
  /** The picture's upper left corner on the stage. */
  left = 0;
  top = 0;
  /** Whether the picture follows the stage's size. */
  isFitted = true;

  #stage = { width: 1, height: 1 };
  #picture = { width: 1, height: 1 };
  #padding = 0;

  /**
   * @param {{ width: number, height: number }} stage
   * @param {{ width: number, height: number }} picture
   * @param {number} padding Free space around a fitted picture.
   */
  resize(stage, picture, padding) {
    const same = picture.width === this.#picture.width && picture.height === this.#picture.height;
    const [dx, dy] = [(stage.width - this.#stage.width) / 2, (stage.height - this.#stage.height) / 2];
    [this.#stage, this.#picture, this.#padding] = [stage, picture, padding];
    if (this.isFitted || !same) this.fit();
    else this.#place(this.left + dx, this.top + dy);
  }

  /** Shows the whole picture, at no more than twice its size. */
  fit() {
    const { width, height } = this.#stage;
    const room = [width - 2 * this.#padding, height - 2 * this.#padding];
    const whole = Math.min(room[0] / this.#picture.width, room[1] / this.#picture.height);
    this.scale = Math.min(Math.max(whole, LEAST), 2);
    this.isFitted = true;
    this.left = (width - this.#picture.width * this.scale) / 2;
    this.top = (height - this.#picture.height * this.scale) / 2;
  }

  /**
   * @param {number} factor
   * @param {number} x The point of the stage that stays where it is.
   * @param {number} y
   */
  zoomBy(factor, x = this.#stage.width / 2, y = this.#stage.height / 2) {
    this.zoomTo(this.scale * factor, x, y);
  }

  zoomTo(scale, x = this.#stage.width / 2, y = this.#stage.height / 2) {
    const to = Math.min(MOST, Math.max(LEAST, scale));
    const by = to / this.scale;
    this.scale = to;
    this.isFitted = false;
    this.#place(x - (x - this.left) * by, y - (y - this.top) * by);
  }

  panBy(dx, dy) {
    this.isFitted = false;
    this.#place(this.left + dx, this.top + dy);
  }

  /** @returns {{ x: number, y: number }} The picture's point under a point of the stage. */
  toPicture(x, y) {
    return { x: (x - this.left) / this.scale, y: (y - this.top) / this.scale };
  }

  /** A part of the picture always stays in sight. */
  #place(left, top) {
    const keep = 48;
    const { width, height } = this.#stage;
    this.left = Math.min(width - keep, Math.max(keep - this.#picture.width * this.scale, left));
    this.top = Math.min(height - keep, Math.max(keep - this.#picture.height * this.scale, top));
  }
}
