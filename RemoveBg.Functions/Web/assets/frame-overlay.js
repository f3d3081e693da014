// The frame on the stage: moved and resized by pointer or keys. Crop uses it, and the box around a subject.

/** @typedef {import("./frame.js").Box} Box */

/** Smallest side of a frame, in pixels of the photo. */
const SMALLEST = 16;

const by = id => /** @type {HTMLElement} */ (document.getElementById(id));

export class FrameOverlay {
  #element = by("frame");
  /** @type {Box} */ box = { x: 0, y: 0, width: 1, height: 1 };
  /** @type {number|null} Width to height; null: free. */ ratio = null;
  /** Whether the box may not leave the photo. */ isInside = false;
  /** @type {(box: Box, isMove: boolean) => void} */ onChange = () => {};
  /** @type {() => void} Called when a drag or a key is over. */ onSettled = () => {};

  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.#drag(this.#element, null);
    for (const grip of this.#element.querySelectorAll(".grip"))
      this.#drag(/** @type {HTMLElement} */ (grip), /** @type {HTMLElement} */ (grip).dataset.corner ?? null);
  }

  /** @param {Box} box @param {string} label */
  show(box, label) {
    this.box = box;
    this.#element.hidden = false;
    this.#element.setAttribute("aria-label", label);
    this.place();
  }

  hide() {
    this.#element.hidden = true;
  }

  get isShown() {
    return !this.#element.hidden;
  }

  focus() {
    this.#element.focus();
  }

  /** Puts the element where the box is. */
  place() {
    if (this.#element.hidden) return;
    const { x, y, width, height } = this.stage.toStage(this.box);
    const { style } = this.#element;
    [style.left, style.top, style.width, style.height] = [`${x}px`, `${y}px`, `${width}px`, `${height}px`];
  }

  /** @param {string} text */
  set sizeText(text) {
    by("frame-size").textContent = text;
  }

  /** @param {HTMLElement} element @param {string|null} corner */
  #drag(element, corner) {
    /** @type {{ at: { x: number, y: number }, box: Box }|null} */
    let start = null;
    element.addEventListener("pointerdown", event => {
      event.stopPropagation();
      element.setPointerCapture(event.pointerId);
      start = { at: this.stage.toPhoto(event), box: { ...this.box } };
    });
    element.addEventListener("pointermove", event => {
      event.stopPropagation();
      if (!start) return;
      const at = this.stage.toPhoto(event);
      this.#apply(start.box, corner, at.x - start.at.x, at.y - start.at.y);
    });
    for (const type of ["pointerup", "pointercancel"])
      element.addEventListener(type, event => {
        event.stopPropagation();
        if (start) this.onSettled();
        start = null;
      });
    element.addEventListener("keydown", event => {
      const [dx, dy] = /** @type {Record<string, number[]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0],
        ArrowUp: [0, -1], ArrowDown: [0, 1] })[event.key] ?? [0, 0];
      if (!dx && !dy) return;
      event.preventDefault();
      event.stopPropagation();
      const step = event.shiftKey ? 10 : 1;
      this.#apply({ ...this.box }, corner, dx * step, dy * step);
      this.onSettled();
    });
  }

  /** @param {Box} from @param {string|null} corner @param {number} dx @param {number} dy */
  #apply(from, corner, dx, dy) {
    const box = { ...from };
    if (corner) {
      const [isLeft, isTop] = [corner.includes("w"), corner.includes("n")];
      box.width = Math.max(SMALLEST, from.width + (isLeft ? -dx : dx));
      box.height = this.ratio ? box.width / this.ratio : Math.max(SMALLEST, from.height + (isTop ? -dy : dy));
      if (isLeft) box.x = from.x + from.width - box.width;
      if (isTop) box.y = from.y + from.height - box.height;
    } else {
      box.x += dx;
      box.y += dy;
    }
    const { width, height } = this.stage.size;
    if (this.isInside) {
      const [right, bottom] = [Math.min(width, box.x + box.width), Math.min(height, box.y + box.height)];
      [box.x, box.y] = [Math.max(0, box.x), Math.max(0, box.y)];
      [box.width, box.height] = [Math.max(SMALLEST, right - box.x), Math.max(SMALLEST, bottom - box.y)];
    }
    for (const side of /** @type {(keyof Box)[]} */ (["x", "y", "width", "height"])) box[side] = Math.round(box[side]);
    this.box = box;
    this.onChange(box, !corner);
    this.place();
  }
}
