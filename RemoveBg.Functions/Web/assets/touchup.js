// Touch up: a brush that erases and restores, on the matte at full resolution, with the photo's own pixels.

import { union } from "./frame.js";

/** Dabs of a stroke are this share of the radius apart. */
const SPACING = 0.25;

const by = id => /** @type {HTMLInputElement} */ (document.getElementById(id));

export class TouchUp {
  isErasing = true;
  /** Place of the ring, in pixels of the photo. */ #at = { x: 0, y: 0 };
  /** @type {{ x: number, y: number }|null} */ #last = null;
  /** How far the ring stands above the finger, in CSS pixels. */ #lift = 0;
  #ring = by("brush-ring");

  /** @param {import("./studio.js").Studio} studio */
  constructor(studio) {
    this.studio = studio;
    for (const input of document.querySelectorAll("[name=brush]"))
      input.addEventListener("change", () => {
        this.isErasing = /** @type {any} */ (input).value === "erase";
      });
    for (const id of ["size", "softness"]) by(id).addEventListener("input", () => this.render());
    by("beneath").addEventListener("change", () => {
      studio.stage.isBeneath = by("beneath").checked;
      studio.stage.invalidate();
    });
    by("undo").addEventListener("click", () => studio.undo());
    by("redo").addEventListener("click", () => studio.redo());
    by("undo-strokes").addEventListener("click", () => this.#undoAll());
  }

  /** Diameter of the brush, in pixels of the photo. */
  get diameter() {
    const { width, height } = this.studio.stage.size;
    const most = Math.max(32, Math.max(width, height) / 4);
    return Math.round(4 * (most / 4) ** (Number(by("size").value) / 100));
  }

  open() {
    const { stage, scene } = this.studio;
    if (!scene) return;
    const brush = pressure => ({ isErasing: this.isErasing, radius: (this.diameter / 2) * (0.3 + 0.7 * pressure),
      softness: Number(by("softness").value) / 100, strength: 1 });
    stage.painter = {
      begin: (at, pressure) => {
        scene.matte.begin();
        this.#last = null;
        this.#to(at, brush(pressure));
      },
      move: (at, pressure) => this.#to(at, brush(pressure)),
      end: () => this.#end(),
      abandon: () => {
        const tiles = scene.matte.end();
        if (tiles) this.studio.repaint(scene.matte.exchange(tiles));
      },
    };
    stage.onHover = event => {
      this.#at = stage.toPhoto(event);
      // A finger covers what it paints: the ring stands above it.
      this.#lift = event.pointerType === "touch" ? 56 : 0;
      this.#place();
    };
    stage.onLeave = () => this.#ring.setAttribute("hidden", "");
    this.#at = { x: scene.width / 2, y: scene.height / 2 };
    by("stage-hint").hidden = false;
    by("stage-hint").replaceChildren("Hold ", kbd("Space"), " and drag to move. ", kbd("["), " ", kbd("]"),
      " change the brush.");
    by("touchup-note").textContent = scene.isReadable
      ? "Restore brings back the photo's own pixels. Nothing is invented."
      : "The photo's server does not let this page read its pixels: restore brings back what the service has sent.";
    this.render();
  }

  close() {
    const { stage } = this.studio;
    stage.painter = null;
    stage.onHover = () => {};
    stage.onLeave = () => {};
    this.#ring.setAttribute("hidden", "");
    by("stage-hint").hidden = true;
  }

  render() {
    by("size-value").textContent = `${this.diameter} px`;
    by("softness-value").textContent = `${by("softness").value} %`;
    const history = this.studio.current?.history;
    by("undo").disabled = !history?.canUndo;
    by("redo").disabled = !history?.canRedo;
    by("undo-strokes").disabled = !this.studio.current?.matte;
    this.#place();
  }

  /** @param {string} key @returns {boolean} Whether the key has been used. */
  key(key, isShift) {
    const step = (isShift ? 32 : 8) / this.studio.stage.view.scale;
    const [dx, dy] = /** @type {Record<string, number[]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0],
      ArrowUp: [0, -1], ArrowDown: [0, 1] })[key] ?? [0, 0];
    if (dx || dy) {
      const { width, height } = this.studio.stage.size;
      this.#lift = 0;
      this.#at = { x: Math.min(width, Math.max(0, this.#at.x + dx * step)),
        y: Math.min(height, Math.max(0, this.#at.y + dy * step)) };
      this.#place();
    } else if (key === "Enter") {
      this.studio.stage.painter?.begin(this.#at, 1);
      this.#end();
    } else if (key === "e" || key === "w") {
      const brush = document.querySelector(`[name=brush][value=${key === "e" ? "erase" : "restore"}]`);
      /** @type {HTMLInputElement} */ (brush).click();
    } else if (key === "[" || key === "]") {
      by("size").value = String(Number(by("size").value) + (key === "[" ? -5 : 5));
      this.render();
    } else {
      return false;
    }
    return true;
  }

  #to(at, brush) {
    const { scene, stage } = this.studio;
    const last = this.#last ?? at;
    const distance = Math.hypot(at.x - last.x, at.y - last.y);
    const count = this.#last ? Math.floor(distance / Math.max(1, brush.radius * SPACING)) : 1;
    if (!count || !scene) return;
    /** @type {import("./frame.js").Box|null} */ let part = null;
    for (let i = 1; i <= count; i++) {
      const [x, y] = [last.x + ((at.x - last.x) * i) / count, last.y + ((at.y - last.y) * i) / count];
      const box = scene.matte.dab(brush, x, y);
      if (box) part = part ? union(part, box) : box;
    }
    this.#last = at;
    if (!part) return;
    scene.update(part);
    stage.invalidate(part);
  }

  #end() {
    const { scene, current } = this.studio;
    const tiles = scene?.matte.end();
    if (!tiles || !current) return;
    this.studio.addStroke(tiles);
  }

  #undoAll() {
    const { current } = this.studio;
    if (!current) return;
    while (current.history.canUndo && current.history.has("stroke")) this.studio.undo();
  }

  #place() {
    const { stage, scene } = this.studio;
    if (!scene || !stage.painter) return;
    const { x, y, width } = stage.toStage({ ...this.#at, width: this.diameter, height: this.diameter });
    const { style } = /** @type {any} */ (this.#ring);
    this.#ring.removeAttribute("hidden");
    [style.width, style.height] = [`${width}px`, `${width}px`];
    style.transform = `translate(${x - width / 2}px, ${y - width / 2 - this.#lift}px)`;
    const inner = 49 * (1 - Number(by("softness").value) / 100);
    this.#ring.querySelector(".inner")?.setAttribute("r", String(Math.max(1, inner)));
  }
}

const kbd = text => Object.assign(document.createElement("kbd"), { textContent: text });
