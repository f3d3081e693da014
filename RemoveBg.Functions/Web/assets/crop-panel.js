// The panel Crop: shapes, margin and the longest side, and the frame on the stage.

import { FrameOverlay } from "./frame-overlay.js";
import { frameOf, noCrop, ratios, sizeOf } from "./frame.js";

const by = id => /** @type {HTMLInputElement} */ (document.getElementById(id));

export class CropPanel {
  /** @param {import("./studio.js").Studio} studio */
  constructor(studio) {
    this.studio = studio;
    this.overlay = new FrameOverlay(studio.stage);
    by("shapes").addEventListener("change", event => {
      const shape = /** @type {any} */ (event.target).value;
      this.#set({ shape, dx: 0, dy: 0, free: null });
    });
    by("margin").addEventListener("input", () => this.#set({ margin: Number(by("margin").value) }));
    by("longest").addEventListener("input", () => {
      const longest = Number(by("longest").value.trim() || NaN);
      this.#set({ longest: longest >= 16 ? Math.min(20_000, Math.round(longest)) : null });
    });
    by("undo-crop").addEventListener("click", () => this.#set(noCrop()));
  }

  open() {
    this.overlay.isInside = false;
    this.overlay.onChange = (box, isMove) => this.#drawn(box, isMove);
    this.overlay.onSettled = () => this.studio.stage.reframe();
    this.render();
  }

  close() {
    this.overlay.hide();
  }

  render() {
    const { current, scene } = this.studio;
    if (!current || !scene) return;
    const { crop } = current.edits;
    const frame = frameOf(crop, scene, scene.subject);
    const { width, height } = sizeOf(frame, crop.longest);
    for (const input of document.querySelectorAll("#shapes input"))
      /** @type {any} */ (input).checked = /** @type {any} */ (input).value === crop.shape;
    by("margin-row").hidden = crop.shape === "photo" || crop.shape === "free";
    by("margin").value = String(crop.margin);
    by("margin-value").textContent = `${crop.margin} %`;
    const most = Math.max(frame.width, frame.height);
    if (document.activeElement !== by("longest")) by("longest").value = String(crop.longest ?? "");
    by("longest-note").textContent = crop.longest && crop.longest > most
      ? `${most} px is all the photo holds. Nothing is enlarged.` : `The download has ${width} × ${height} pixels.`;
    this.overlay.ratio = ratios[crop.shape] ?? null;
    this.overlay.show(frame, `Crop, ${width} by ${height} pixels. Arrow keys move it.`);
    this.overlay.sizeText = `${width} × ${height}`;
  }

  /** @param {import("./frame.js").Box} box @param {boolean} isMove */
  #drawn(box, isMove) {
    const { scene, current } = this.studio;
    if (!scene || !current) return;
    const { crop } = current.edits;
    // A moved frame keeps its shape; a resized one is the visitor's own.
    const home = frameOf({ ...crop, dx: 0, dy: 0 }, scene, scene.subject);
    this.#set(isMove && crop.shape !== "photo" && crop.shape !== "free"
      ? { dx: box.x - home.x, dy: box.y - home.y } : { shape: "free", free: box }, true);
  }

  #set(change, isDrag = false) {
    this.studio.edit("crop", edits => ({ ...edits, crop: { ...edits.crop, ...change } }), isDrag);
  }
}
