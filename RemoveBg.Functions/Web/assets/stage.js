// The stage: draws the picture, zooms and pans it, and holds the divider between photo and cut-out.

import { contextOf } from "./canvas.js";
import { frameOf, union } from "./frame.js";
import { View } from "./view.js";

/** @typedef {import("./frame.js").Box} Box */
/** @typedef {"photo"|"result"|"crop"|"touchup"|"box"} Mode */
/**
 * @typedef {object} Shown
 * @property {import("./scene.js").Scene|null} scene
 * @property {import("./pyramid.js").Pyramid|null} photo What is shown while there is no scene.
 * @property {import("./scene.js").Edits} edits
 * @property {Mode} mode
 */
/**
 * @typedef {object} Painter
 * @property {(at: { x: number, y: number }, pressure: number) => void} begin
 * @property {(at: { x: number, y: number }, pressure: number) => void} move
 * @property {() => void} end
 * @property {() => void} abandon
 */

const by = id => /** @type {HTMLElement} */ (document.getElementById(id));

/** Pixels of the screen per pixel of the picture from which pixels are drawn sharp. */
const SHARP = 4;

export class Stage {
  surface = by("surface");
  canvas = /** @type {HTMLCanvasElement} */ (by("canvas"));
  view = new View();
  /** @type {Shown|null} */ shown = null;
  /** @type {Painter|null} */ painter = null;
  /** Whether the divider is on. */
  isComparing = false;
  /** Whether the photo alone is shown, while a key is held. */
  isHeld = false;
  /** Whether the photo is shown beneath the cut-out, in touch up. */
  isBeneath = true;
  /** Share of the picture that shows the photo. */
  split = 0.5;
  /** @type {() => void} Called when the picture has another place or size. */ onMove = () => {};
  /** @type {(event: PointerEvent) => void} */ onHover = () => {};
  /** @type {() => void} */ onLeave = () => {};
  /** Milliseconds between drawn frames, while something changes. @type {number[]} */ frames = [];

  /** @type {Box} */ #plane = { x: 0, y: 0, width: 1, height: 1 };
  #context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
  #size = { width: 1, height: 1 };
  /** @type {Box|null} */ #part = null;
  #isScheduled = false;
  #isWhole = true;
  #isSpaceDown = false;
  /** @type {CanvasPattern|null} */ #checks = null;
  /** The theme's ground under faint photos. */ #ground = "#fff";
  /** @type {Map<number, { x: number, y: number }>} */ #pointers = new Map();
  #isPainting = false;

  constructor() {
    new ResizeObserver(() => this.#resize()).observe(this.surface);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#checks = null;
      this.invalidate();
    });
    const { surface } = this;
    surface.addEventListener("wheel", event => this.#wheel(event), { passive: false });
    surface.addEventListener("pointerdown", event => this.#down(event));
    surface.addEventListener("pointermove", event => this.#move(event));
    for (const type of ["pointerup", "pointercancel"])
      surface.addEventListener(type, event => this.#up(/** @type {PointerEvent} */ (event)));
    surface.addEventListener("pointerleave", () => this.onLeave());
    surface.addEventListener("dblclick", event => {
      if (!this.painter) this.#toggleZoom(event);
    });
    addEventListener("keydown", event => event.code === "Space" && this.#space(true, event));
    addEventListener("keyup", event => event.code === "Space" && this.#space(false, event));
    this.#divide();
  }

  /** @param {Shown|null} shown */
  show(shown) {
    this.shown = shown;
    this.#resize();
    this.invalidate();
  }

  /** Takes the frame's place and size from the edits again. */
  reframe() {
    this.#resize();
    this.invalidate();
  }

  /** Draws soon. @param {Box} [part] What has changed, in pixels of the photo; all without it. */
  invalidate(part) {
    if (!part) this.#isWhole = true;
    else if (!this.#part) this.#part = { ...part };
    else this.#part = union(this.#part, part);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(time => this.#draw(time));
  }

  /** Zoom in percent: 100 is a pixel of the picture on a pixel of the screen. */
  get percent() {
    return Math.round(this.view.scale * devicePixelRatio * 100);
  }

  zoomBy(factor) {
    this.view.zoomBy(factor);
    this.#moved();
  }

  fit() {
    this.view.fit();
    this.#moved();
  }

  actualSize(x, y) {
    this.view.zoomTo(1 / devicePixelRatio, x, y);
    this.#moved();
  }

  panBy(dx, dy) {
    this.view.panBy(dx, dy);
    this.#moved();
  }

  /** @param {Box} box In pixels of the photo. @returns {Box} In CSS pixels of the stage. */
  toStage(box) {
    const { scale, left, top } = this.view;
    return { x: left + (box.x - this.#plane.x) * scale, y: top + (box.y - this.#plane.y) * scale,
      width: box.width * scale, height: box.height * scale };
  }

  /** @param {{ clientX: number, clientY: number }} event @returns {{ x: number, y: number }} In pixels of the photo. */
  toPhoto(event) {
    const { left, top } = this.surface.getBoundingClientRect();
    const at = this.view.toPicture(event.clientX - left, event.clientY - top);
    return { x: at.x + this.#plane.x, y: at.y + this.#plane.y };
  }

  /** The size of what is shown. */
  get size() {
    const { scene, photo } = this.shown ?? {};
    return scene ?? photo ?? { width: 1, height: 1 };
  }

  /** @param {number} share 0 to 1. */
  set splitAt(share) {
    this.split = Math.min(1, Math.max(0, share));
    /** @type {HTMLInputElement} */ (by("slider")).value = String(Math.round(this.split * 100));
    by("compare").style.setProperty("--split", `${this.split * 100}%`);
    this.invalidate();
  }

  /** Moves the divider once from the right to the middle. */
  reveal() {
    this.splitAt = 0.5;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const start = performance.now() + 300;
    const step = time => {
      const t = Math.min(1, Math.max(0, (time - start) / 1100));
      this.splitAt = 1 - 0.5 * (1 - (1 - t) ** 4);
      if (t < 1 && !this.#pointers.size) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  /** Where the frame lies on the photo. @returns {Box} */
  get frame() {
    const { scene, edits, mode } = /** @type {Shown} */ (this.shown);
    const { width, height } = this.size;
    return scene && (mode === "result" || mode === "crop") ? frameOf(edits.crop, scene, scene.subject)
      : { x: 0, y: 0, width, height };
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.surface;
    if (!this.shown || !width || !height) return;
    const [w, h] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    if (this.canvas.width !== w || this.canvas.height !== h) Object.assign(this.canvas, { width: w, height: h });
    const { frame } = this;
    const { width: photoWidth, height: photoHeight } = this.size;
    this.#plane = this.shown.mode === "crop"
      ? union(frame, { x: 0, y: 0, width: photoWidth, height: photoHeight }) : frame;
    this.#size = { width, height };
    const padding = width < 600 ? 12 : 28;
    this.view.resize(this.#size, this.#plane, this.shown.mode === "crop" ? padding + 12 : padding);
    this.#moved();
  }

  #moved() {
    if (!this.shown) return;
    const place = this.toStage(this.frame);
    for (const id of ["paper", "compare", "veil"]) {
      const { style } = by(id);
      [style.left, style.top] = [`${place.x}px`, `${place.y}px`];
      [style.width, style.height] = [`${place.width}px`, `${place.height}px`];
    }
    // The knob stays in sight.
    const middle = (Math.max(0, place.y) + Math.min(this.#size.height, place.y + place.height)) / 2 - place.y;
    by("compare").style.setProperty("--knob", `${middle}px`);
    by("zoom").textContent = `${this.percent} %`;
    this.onMove();
    this.invalidate();
  }

  #draw(time) {
    this.#isScheduled = false;
    this.frames.push(time);
    if (this.frames.length > 600) this.frames.shift();
    const context = this.#context;
    const { shown, canvas } = this;
    const part = this.#isWhole ? null : this.#part;
    [this.#isWhole, this.#part] = [false, null];
    by("paper").hidden = !shown?.scene && !shown?.photo;
    if (!shown) return;
    const scale = this.view.scale * devicePixelRatio;
    const [left, top] = [
      Math.round(this.view.left * devicePixelRatio - this.#plane.x * scale),
      Math.round(this.view.top * devicePixelRatio - this.#plane.y * scale),
    ];
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (part) {
      // Smoothing reads neighbours: a pixel of the photo, or of the screen, more.
      const more = Math.max(2, 2 * scale);
      const [x, y] = [Math.floor(part.x * scale + left - more), Math.floor(part.y * scale + top - more)];
      context.beginPath();
      context.rect(x, y, Math.ceil(part.width * scale + 2 * more) + 1, Math.ceil(part.height * scale + 2 * more) + 1);
      context.clip();
    }
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = scale < SHARP;
    const ready = () => context.setTransform(scale, 0, 0, scale, left, top);
    ready();
    this.#paint(context, shown, ready);
    context.restore();
  }

  /** @param {CanvasRenderingContext2D} context @param {Shown} shown @param {() => void} ready Sets the transform. */
  #paint(context, shown, ready) {
    const { scene, edits, mode } = shown;
    const photo = scene?.photo ?? shown.photo;
    const { frame } = this;
    if (!scene || mode === "photo" || mode === "box" || this.isHeld) {
      if (photo) photo.draw(context);
      return;
    }
    if (mode === "crop") this.#paintAround(context, photo, scene);
    if (mode === "touchup") {
      if (this.isBeneath && photo) this.#paintBeneath(context, photo, frame);
      else this.#fillChecks(context, frame, ready);
      scene.cutOut.draw(context);
      return;
    }
    if (edits.background.kind === "none" || edits.background.kind === "picture" || !scene.isReadable)
      this.#fillChecks(context, frame, ready);
    scene.draw(context, edits, frame);
    if (!this.isComparing || !photo || mode !== "result") return;
    context.save();
    context.beginPath();
    context.rect(frame.x, frame.y, frame.width * this.split, frame.height);
    context.clip();
    this.#fillChecks(context, frame, ready);
    photo.draw(context);
    context.restore();
  }

  /** The photo outside of the frame: faint, with a dashed edge. */
  #paintAround(context, photo, scene) {
    context.save();
    context.globalAlpha = 0.35;
    (photo ?? scene.cutOut).draw(context);
    context.globalAlpha = 1;
    const { a } = context.getTransform();
    context.strokeStyle = "#808683";
    context.lineWidth = 1 / a;
    context.setLineDash([4 / a, 4 / a]);
    context.strokeRect(0, 0, scene.width, scene.height);
    context.restore();
  }

  /** Erased parts: the photo in grey. */
  #paintBeneath(context, photo, frame) {
    context.save();
    context.fillStyle = this.#ground;
    context.fillRect(frame.x, frame.y, frame.width, frame.height);
    context.globalAlpha = 0.4;
    photo.draw(context);
    context.globalAlpha = 1;
    context.globalCompositeOperation = "saturation";
    context.fillStyle = "#808080";
    context.fillRect(frame.x, frame.y, frame.width, frame.height);
    context.restore();
  }

  #fillChecks(context, frame, ready) {
    const { a, e, f } = context.getTransform();
    const [x, y] = [Math.round(frame.x * a + e), Math.round(frame.y * a + f)];
    this.#checks ??= this.#makeChecks();
    context.setTransform(1, 0, 0, 1, x, y);
    context.fillStyle = this.#checks;
    context.fillRect(0, 0, Math.round(frame.width * a), Math.round(frame.height * a));
    ready();
  }

  #makeChecks() {
    const side = Math.round(11 * devicePixelRatio);
    const tile = new OffscreenCanvas(2 * side, 2 * side);
    const context = contextOf(tile);
    // The theme's colours, as the browser has computed them.
    const probe = by("veil").appendChild(document.createElement("i"));
    for (const [name, cells] of /** @type {[string, number[][]][]} */ ([["--check-a", [[0, 0], [1, 1]]],
      ["--check-b", [[1, 0], [0, 1]]]])) {
      probe.style.color = `var(${name})`;
      context.fillStyle = getComputedStyle(probe).color;
      this.#ground = String(context.fillStyle);
      for (const [x, y] of cells) context.fillRect(x * side, y * side, side, side);
    }
    probe.remove();
    return this.#context.createPattern(tile, "repeat");
  }

  #divide() {
    const knob = by("knob");
    by("slider").addEventListener("input", event => {
      this.splitAt = Number(/** @type {HTMLInputElement} */ (event.target).value) / 100;
    });
    by("slider").addEventListener("keydown", event => {
      const step = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1 }[event.key];
      if (!step || !event.shiftKey) return;
      event.preventDefault();
      this.splitAt = this.split + step;
    });
    knob.addEventListener("pointerdown", event => {
      event.stopPropagation();
      knob.setPointerCapture(event.pointerId);
    });
    knob.addEventListener("pointermove", event => {
      if (!knob.hasPointerCapture(event.pointerId)) return;
      const { frame } = this;
      this.splitAt = (this.toPhoto(event).x - frame.x) / frame.width;
    });
  }

  #wheel(event) {
    event.preventDefault();
    const { left, top } = this.surface.getBoundingClientRect();
    // A pinch on a touchpad comes as a wheel with Ctrl, in small steps.
    const delta = event.deltaMode === 1 ? event.deltaY * 20 : event.deltaY;
    const factor = Math.exp(-Math.max(-150, Math.min(150, delta)) * (event.ctrlKey ? 0.01 : 0.002));
    this.view.zoomBy(factor, event.clientX - left, event.clientY - top);
    this.#moved();
  }

  #toggleZoom(event) {
    const { left, top } = this.surface.getBoundingClientRect();
    if (this.view.isFitted) this.actualSize(event.clientX - left, event.clientY - top);
    else this.fit();
  }

  #space(isDown, event) {
    if (!this.painter || event.target !== this.surface) return;
    event.preventDefault();
    this.#isSpaceDown = isDown;
    this.surface.classList.toggle("moves", isDown);
  }

  #down(event) {
    if (event.button > 1) return;
    this.surface.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const paints = this.painter && !this.#isSpaceDown && event.button === 0;
    if (paints && this.#pointers.size === 1) {
      this.#isPainting = true;
      this.painter?.begin(this.toPhoto(event), pressureOf(event));
    } else if (this.#isPainting && this.#pointers.size > 1) {
      // The second finger: it was meant to move, not to paint.
      this.#isPainting = false;
      this.painter?.abandon();
    }
  }

  #move(event) {
    this.onHover(event);
    const was = this.#pointers.get(event.pointerId);
    if (!was) return;
    if (this.#isPainting) {
      for (const point of event.getCoalescedEvents?.() ?? [event])
        this.painter?.move(this.toPhoto(point), pressureOf(point));
      return;
    }
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const { left, top } = this.surface.getBoundingClientRect();
      const before = Math.hypot(was.x - other.x, was.y - other.y);
      const after = Math.hypot(now.x - other.x, now.y - other.y);
      this.view.panBy((now.x - was.x) / 2, (now.y - was.y) / 2);
      this.view.zoomBy(after / Math.max(1, before), (now.x + other.x) / 2 - left, (now.y + other.y) / 2 - top);
    } else {
      this.view.panBy(now.x - was.x, now.y - was.y);
    }
    this.#pointers.set(event.pointerId, now);
    this.#moved();
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    if (!this.#isPainting || this.#pointers.size) return;
    this.#isPainting = false;
    this.painter?.end();
  }
}

/** A mouse has no pressure: it reports one half. */
const pressureOf = event => (event.pointerType === "pen" ? event.pressure || 0.5 : 1);
