// The studio: photos, one stage, one row of tools. This file holds the state and hands out the work.

import { Api, Problem } from "./api.js";
import { BackgroundPanel } from "./background-panel.js";
import { CropPanel } from "./crop-panel.js";
import { Exporter, fileName, formats, save } from "./export.js";
import { Facts } from "./facts.js";
import { Film } from "./film.js";
import { listen } from "./keys.js";
import { Memory, readAddress, writeAddress } from "./memory.js";
import { Messages } from "./messages.js";
import { Photo } from "./photo.js";
import { Photos } from "./photos.js";
import { readPixels } from "./pixels.js";
import { Popover } from "./popover.js";
import { Pyramid } from "./pyramid.js";
import { Scene } from "./scene.js";
import { Sources } from "./sources.js";
import { Stage } from "./stage.js";
import { Toolbar } from "./toolbar.js";
import { TouchUp } from "./touchup.js";
import { duration, megabytes, photoFormats } from "./words.js";

/** @typedef {import("./photo.js").Photo} PhotoType */
/** @typedef {"background"|"crop"|"touchup"|"code"} PanelName */

const by = id => /** @type {HTMLElement} */ (document.getElementById(id));
const root = document.documentElement;

/** Milliseconds within which changes of one kind are one step of undo. */
const ONE_STEP = 900;

export class Studio {
  /** @type {import("./words.js").Settings} */
  settings = JSON.parse(by("settings").textContent ?? "{}");
  api = new Api();
  memory = new Memory(this.settings.retentionSeconds);
  photos = new Photos(this.api, photo => this.#changed(photo));
  stage = new Stage();
  exporter = new Exporter();
  touchUp = new TouchUp(this);
  background = new BackgroundPanel(this);
  crop = new CropPanel(this);
  /** Loaded when it is opened. @type {import("./code-panel.js").CodePanel|null} */ code = null;
  messages = new Messages(this);
  facts = new Facts(this);
  film = new Film(this);
  /** @type {PhotoType|null} */ current = null;
  /** @type {Scene|null} */ scene = null;
  /** @type {import("./export.js").Format} */ format = "png";
  /** @type {PanelName|null} */ panel = null;
  /** Whether the box around a subject is being drawn. */ isBoxing = false;
  isZipping = false;

  /** The current photo's pixels. @type {import("./pixels.js").Pixels|null} */ #pixels = null;
  /** Changes when another photo is shown: what is still loading for the last one is dropped. */ #turn = 0;
  /** @type {{ kind: string, at: number, photo: PhotoType }|null} */ #lastEdit = null;
  /** @type {Map<PhotoType, number>} */ #saving = new Map();
  /** Files that wait for a key. @type {import("./sources.js").Source[]} */ #pending = [];

  constructor() {
    const { settings } = this;
    by("kept").textContent = duration(settings.retentionSeconds);
    by("limits").textContent = `${photoFormats}, up to ${size(settings.uploadBytes)} `
      + `(${size(settings.downloadBytes)} by address) and ${settings.megapixels} megapixels.`;
    if (settings.developmentKey) this.api.key = settings.developmentKey;
    new Sources(sources => this.take(sources), settings, words => this.say(words));
    new Toolbar(this);
    listen(this);
    this.stage.onMove = () => {
      this.crop.overlay.place();
      if (this.panel === "touchup") this.touchUp.render();
    };
    this.formats = new Popover(by("formats-toggle"), by("formats"));
    new Popover(by("keys-toggle"), by("keys"));
    addEventListener("popstate", () => this.#restore());
    this.#restore();
  }

  /** @param {import("./sources.js").Source[]} sources */
  take(sources) {
    if (!this.api.hasKey) {
      this.#pending.push(...sources);
      this.messages.askForKey("An API key is required: enter one here.");
      return;
    }
    const isFirst = root.dataset.state === "empty" || root.dataset.state === "key";
    if (isFirst) this.#leave();
    const photos = sources.map(source => {
      const photo = new Photo(source);
      if (source.refusal) Object.assign(photo, { state: "failed", failure: source.refusal });
      return photo;
    });
    this.photos.add(photos);
    for (const photo of photos) {
      this.#remember(photo);
      if (photos.length > 1) this.#preview(photo);
    }
    this.show(photos[0], { isNew: isFirst });
    if (isFirst || photos.length === 1) this.stage.surface.focus({ preventScroll: true });
  }

  /** A picture for the filmstrip, until there is a result. @param {PhotoType} photo */
  async #preview(photo) {
    const bitmap = photo.file && (await createImageBitmap(photo.file, { resizeHeight: 144 }).catch(() => null));
    if (bitmap && photo.state !== "done") await photo.drawThumb(bitmap);
    bitmap?.close();
  }

  /** @param {string} key */
  async setKey(key) {
    this.api.key = key;
    try {
      await this.api.check();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.api.key = "";
      this.messages.askForKey(problem.message);
      return;
    }
    const pending = this.#pending.splice(0);
    this.messages.closeKey();
    await this.#restore();
    if (pending.length) this.take(pending);
  }

  /**
   * @param {PhotoType} photo
   * @param {{ isNew?: boolean }} [how]
   */
  async show(photo, { isNew = false } = {}) {
    if (photo === this.current) return this.render();
    const turn = ++this.#turn;
    this.#close();
    this.current = photo;
    this.isBoxing = false;
    this.#lastEdit = null;
    if (this.panel && this.panel !== "code" && photo.state !== "done") this.closePanel();
    this.#address(isNew);
    this.render();
    const pixels = await readPixels(photo);
    if (turn !== this.#turn) return pixels?.close();
    this.#pixels = pixels;
    if (photo.thumb && pixels?.image instanceof ImageBitmap && photo.state !== "done") photo.drawThumb(pixels.image);
    this.render();
    if (photo.state === "done") await this.#load();
  }

  /** @param {number} by Photos forward or back. */
  step(by) {
    const { list } = this.photos;
    const next = list[list.indexOf(/** @type {PhotoType} */ (this.current)) + by];
    if (next) this.show(next);
  }

  /** Back to the beginning; Back in the browser leads here again. */
  restart() {
    this.#leave();
    writeAddress([], 0, true);
    this.render();
    by("file").focus();
  }

  /** Deletes the current photo here and on the service. */
  remove() {
    const { current, photos } = this;
    if (!current) return;
    const at = photos.list.indexOf(current);
    photos.remove(current);
    this.memory.forget(current.id);
    if (current.artworkId) this.api.erase(current.artworkId).catch(() => {});
    this.say(`${current.name} is deleted.`);
    const next = photos.list[Math.min(at, photos.list.length - 1)];
    if (next) this.show(next);
    else this.restart();
  }

  /** @param {Partial<Pick<PhotoType, "model"|"roi"|"url">>} change */
  cutOutAgain(change) {
    const { current } = this;
    if (!current) return;
    const { artworkId } = current;
    if (artworkId && current.state !== "failed") this.api.erase(artworkId).catch(() => {});
    Object.assign(current, change);
    this.isBoxing = false;
    this.closePanel();
    this.scene?.close();
    this.scene = null;
    this.photos.again(current);
    this.stage.surface.focus({ preventScroll: true });
  }

  /**
   * Changes what has been chosen for the current photo, and shows it at once.
   * @param {string} kind Changes of one kind in quick succession are one step.
   * @param {(edits: import("./scene.js").Edits) => import("./scene.js").Edits} change
   * @param {boolean} [keepsView] Whether the picture stays where it is on the stage.
   */
  edit(kind, change, keepsView = false) {
    const { current: photo } = this;
    if (!photo || photo.state !== "done") return;
    const before = photo.edits;
    const after = change(before);
    const now = performance.now();
    const last = this.#lastEdit;
    const apply = edits => {
      photo.edits = edits;
      this.#edited(photo);
    };
    photo.edits = after;
    if (last?.kind === kind && last.photo === photo && now - last.at < ONE_STEP && photo.history.canUndo)
      photo.history.amend(() => apply(after));
    else photo.history.add({ kind, undo: () => apply(before), redo: () => apply(after) });
    this.#lastEdit = { kind, at: now, photo };
    this.#edited(photo, keepsView);
  }

  /** @param {File} file */
  async setPicture(file) {
    const { current, scene } = this;
    if (!current || !scene) return;
    const bitmap = await createImageBitmap(file).catch(() => null);
    if (!bitmap) return this.say(`${file.name} cannot be shown by this browser. Use JPEG or PNG.`);
    current.picture = file;
    scene.picture = new Pyramid(bitmap);
    this.edit("background", edits => ({ ...edits, background: { ...edits.background, kind: "picture" } }));
  }

  /** Copies one panel's choices to all photos. @param {"background"|"crop"} what */
  useForAll(what) {
    const { current, photos } = this;
    if (!current) return;
    for (const photo of photos.list) {
      if (photo === current) continue;
      if (what === "background") {
        photo.edits = { ...photo.edits, background: current.edits.background };
        photo.picture = current.picture;
      } else {
        const { crop } = current.edits;
        // A frame drawn by hand belongs to its photo.
        const shape = crop.shape === "free" ? "photo" : crop.shape;
        photo.edits = { ...photo.edits, crop: { ...crop, shape, dx: 0, dy: 0, free: null } };
      }
      this.#remember(photo);
    }
    this.film.render();
    this.say(`Used for all ${photos.list.length} photos.`);
  }

  /** @param {import("./matte.js").Tiles} tiles What was there before the stroke. */
  addStroke(tiles) {
    const { current: photo, scene } = this;
    if (!photo || !scene) return;
    photo.matte = scene.matte.current;
    const exchange = () => {
      if (photo !== this.current || !this.scene) return;
      this.repaint(this.scene.matte.exchange(tiles));
      photo.matte = this.scene.matte.isTouched ? this.scene.matte.current : null;
      this.#stroked(photo);
    };
    photo.history.add({ kind: "stroke", undo: exchange, redo: exchange });
    this.#lastEdit = null;
    this.#stroked(photo);
  }

  /** @param {import("./frame.js").Box} part */
  repaint(part) {
    this.scene?.update(part);
    this.stage.invalidate(part);
  }

  /** Takes the whole photo for the subject. */
  keepAll() {
    const { current, scene } = this;
    if (!current || !scene) return;
    const tiles = scene.matte.filled(255);
    this.repaint(scene.matte.exchange(tiles));
    current.isEmpty = false;
    this.addStroke(tiles);
    this.render();
  }

  undo() {
    this.#lastEdit = null;
    this.current?.history.undo();
  }

  redo() {
    this.#lastEdit = null;
    this.current?.history.redo();
  }

  /** @param {PanelName} name @param {boolean} [takesFocus] */
  async openPanel(name, takesFocus = false) {
    if (this.panel) this.closePanel(false);
    this.panel = name;
    root.dataset.panel = name;
    if (name !== "code") this.stage.isComparing = false;
    if (name === "crop") this.crop.open();
    if (name === "touchup") this.touchUp.open();
    this.render();
    if (name === "code") await this.#renderCode();
    const first = by(`panel-${name}`).querySelector("input:checked, [role=tab][tabindex='0']");
    if (takesFocus && first instanceof HTMLElement) first.focus();
  }

  /** @param {boolean} [givesFocus] */
  closePanel(givesFocus = true) {
    const { panel } = this;
    if (!panel) return;
    const hadFocus = by(`panel-${panel}`).contains(document.activeElement);
    if (panel === "crop") this.crop.close();
    if (panel === "touchup") this.touchUp.close();
    this.panel = null;
    delete root.dataset.panel;
    this.render();
    if (givesFocus && hadFocus) by(panel === "code" ? "code-toggle" : `tool-${panel}`).focus();
  }

  /** Returns the file of what is seen. @param {PhotoType} photo */
  async fileOf(photo, format = this.#formatFor(photo)) {
    const pixels = photo.url ? await readPixels(photo) : null;
    const readable = pixels?.isReadable && pixels.image instanceof ImageBitmap ? pixels.image : null;
    return new File([await this.exporter.file(photo, format, readable)], fileName(photo, format),
      { type: formats[format].type });
  }

  async download() {
    const { current } = this;
    if (!current || current.state !== "done") return;
    by("download").setAttribute("aria-busy", "true");
    try {
      const file = await this.fileOf(current);
      save(file, file.name);
      this.say(`${file.name} is downloaded, ${megabytes(file.size)}.`);
    } finally {
      by("download").removeAttribute("aria-busy");
    }
  }

  async downloadAll() {
    const done = this.photos.list.filter(photo => photo.state === "done");
    this.isZipping = true;
    this.film.render();
    try {
      const { Zip } = await import("./zip.js");
      const zip = new Zip();
      for (const [i, photo] of done.entries()) {
        by("zip-words").textContent = `Writing ${i + 1} of ${done.length}`;
        const file = await this.fileOf(photo);
        await zip.add(file.name, file, new Date());
      }
      save(zip.close(), "cutouts.zip");
    } finally {
      this.isZipping = false;
      this.film.render();
    }
  }

  /** Says something to a screen reader, and shows it in passing. @param {string} words */
  say(words) {
    by("said").textContent = words;
    by("begin-note").textContent = root.dataset.state === "empty" ? words : "";
  }

  render() {
    const { current, photos, stage, scene } = this;
    const state = this.#state();
    root.dataset.state = state;
    const isEmpty = state === "empty" || state === "key";
    by("welcome").hidden = !isEmpty;
    for (const id of ["stage", "dock", "file-row", "add", "remove"]) by(id).hidden = isEmpty;
    by("code-toggle").hidden = isEmpty || state === "failed";
    this.messages.render(state);
    for (const name of ["background", "crop", "touchup", "code"]) {
      const isOpen = !isEmpty && this.panel === name;
      by(`panel-${name}`).hidden = !isOpen;
      by(name === "code" ? "code-toggle" : `tool-${name}`).setAttribute("aria-expanded", String(isOpen));
    }
    this.film.render();
    if (isEmpty || !current) {
      by("film").hidden = true;
      document.title = "RemoveBg";
      return;
    }
    document.title = `${current.name} – RemoveBg`;
    by("name").textContent = current.name;
    by("remove").setAttribute("aria-label", `Delete ${current.name}`);
    const shown = scene ?? this.#pixels;
    by("dimensions").textContent = shown?.width ? `${shown.width} × ${shown.height}` : "";
    this.#renderTools(state === "result" && scene !== null);
    this.facts.render();
    for (const button of document.querySelectorAll(".for-all")) {
      /** @type {HTMLElement} */ (button).hidden = photos.list.length < 2;
      button.textContent = `Use for all ${photos.list.length}`;
    }
    const mode = state === "box" ? "box" : state !== "result" || !scene ? "photo"
      : this.panel === "crop" ? "crop" : this.panel === "touchup" ? "touchup" : "result";
    const photo = this.#pixels?.pyramid ?? null;
    if (stage.shown?.scene !== scene || stage.shown?.photo !== photo || stage.shown?.mode !== mode
      || stage.shown?.edits !== current.edits) stage.show({ scene, photo, edits: current.edits, mode });
    stage.invalidate();
    by("compare").hidden = mode !== "result" || !stage.isComparing || !scene?.photo;
    by("picture-words").textContent = state === "result" ? `${current.name} without its background` : current.name;
    if (this.panel === "background") this.background.render(current, scene);
    if (this.panel === "crop") this.crop.render();
    if (this.panel === "touchup") this.touchUp.render();
    if (this.panel === "code") this.#renderCode();
  }

  async #renderCode() {
    const { CodePanel } = await import("./code-panel.js");
    this.code ??= new CodePanel(this);
    this.code.render();
  }

  #renderTools(isReady) {
    const { current, stage, scene } = this;
    if (!current) return;
    const { edits } = current;
    for (const tool of document.querySelectorAll(".tool, .out button:not([role])"))
      /** @type {HTMLButtonElement} */ (tool).disabled = !isReady;
    /** @type {HTMLButtonElement} */ (by("tool-compare")).disabled = !isReady || !scene?.photo;
    by("tool-compare").setAttribute("aria-pressed", String(isReady && stage.isComparing));
    by("tool-shadow").setAttribute("aria-pressed", String(isReady && edits.shadow));
    const used = { background: edits.background.kind !== "none",
      crop: edits.crop.shape !== "photo" || edits.crop.longest !== null, touchup: current.matte !== null };
    for (const [name, isUsed] of Object.entries(used)) by(`tool-${name}`).classList.toggle("used", isReady && isUsed);
    const canJpeg = edits.background.kind !== "none";
    const format = this.#formatFor(current);
    for (const button of document.querySelectorAll("[data-format]")) {
      const item = /** @type {HTMLElement} */ (button);
      item.setAttribute("aria-checked", String(item.dataset.format === format));
      if (item.dataset.format === "jpeg") item.setAttribute("aria-disabled", String(!canJpeg));
    }
    by("jpeg-words").textContent = canJpeg ? "smallest" : "needs a background";
    by("download-words").textContent = `Download ${formats[format].name}`;
    by("file-name").textContent = fileName(current, format);
    by("file-size").textContent = scene ? `${this.outputSize().width} × ${this.outputSize().height}` : "";
  }

  /** Size of the file, in pixels. */
  outputSize() {
    const { current, scene } = this;
    return scene && current ? scene.outputSize(current.edits) : { width: 0, height: 0 };
  }

  /** JPEG has no transparency: without a background it becomes PNG. */
  #formatFor(photo) {
    return this.format === "jpeg" && photo.edits.background.kind === "none" ? "png" : this.format;
  }

  #state() {
    const { current } = this;
    if (!this.api.hasKey || this.messages.isAskingForKey) return "key";
    if (!current) return "empty";
    if (this.isBoxing) return "box";
    switch (current.state) {
      case "done":
        return current.isEmpty ? "nosubject" : "result";
      case "failed":
        return current.failure?.code === "no_foreground" ? "nosubject" : "failed";
      case "canceled":
        return "canceled";
      default:
        return "working";
    }
  }

  /** Whether the current photo itself can be shown. */
  get hasPixels() {
    return this.#pixels !== null;
  }

  /** @param {PhotoType} photo */
  photoChanged(photo) {
    this.#changed(photo);
  }

  /** @param {PhotoType} photo */
  #changed(photo) {
    if (["queued", "done", "canceled", "failed"].includes(photo.state)) this.#rememberSoon(photo);
    if (photo !== this.current) {
      this.film.render();
      return;
    }
    if (photo.state === "queued") this.#address(false);
    this.render();
    if (photo.state === "done" && !this.scene) this.#load();
    if (photo.state === "failed") this.closePanel();
  }

  /** Decodes the result and puts it on the stage. */
  async #load() {
    const { current: photo } = this;
    if (!photo?.result) return;
    const turn = this.#turn;
    const pixels = this.#pixels ?? (await readPixels(photo));
    const scene = await Scene.of(photo.result, pixels?.image ?? null, pixels?.isReadable ?? false, photo.matte);
    const picture = photo.picture && (await createImageBitmap(photo.picture).catch(() => null));
    if (picture) scene.picture = new Pyramid(picture);
    if (turn !== this.#turn || photo.state !== "done" || this.scene) return scene.close();
    await this.#learnModel();
    this.#pixels = pixels;
    this.scene = scene;
    if (photo.matte) photo.matte = scene.matte.current;
    if (!scene.subject) photo.isEmpty = true;
    this.background.setScene(scene);
    const isFresh = !photo.history.canUndo && photo.edits.background.kind === "none" && !this.panel;
    this.stage.isComparing = isFresh && !photo.isEmpty && scene.photo !== null;
    this.render();
    if (this.stage.isComparing) this.stage.reveal();
    if (this.panel === "touchup") this.touchUp.open();
    this.say(photo.isEmpty ? `${photo.name}: no subject found` : `${photo.name} is cut out`
      + (photo.confidence === null ? "" : `, ${Math.round(photo.confidence * 100)} % sure`));
  }

  /** The page may have been opened before the model was loaded. */
  async #learnModel() {
    if (this.settings.model) return;
    const ready = await fetch("readyz").then(response => response.json(), () => ({}));
    this.settings.model = ready.model ?? null;
  }

  #edited(photo, keepsView = false) {
    if (photo === this.current) {
      if (this.stage.shown) this.stage.shown.edits = photo.edits;
      if (keepsView) this.stage.invalidate();
      else this.stage.reframe();
      this.render();
    }
    this.#rememberSoon(photo);
  }

  #stroked(photo) {
    this.scene?.settle();
    this.render();
    this.#rememberSoon(photo);
  }

  #rememberSoon(photo) {
    clearTimeout(this.#saving.get(photo));
    this.#saving.set(photo, setTimeout(() => this.#remember(photo), 300));
  }

  async #remember(photo) {
    if (this.photos.list.includes(photo) && photo.failure?.code !== "not_an_image")
      await this.memory.put(await photo.toRemember());
  }

  #address(isNew) {
    const { list } = this.photos;
    writeAddress(list.map(photo => photo.artworkId ?? photo.id), list.indexOf(/** @type {PhotoType} */ (this.current)),
      isNew);
  }

  #close() {
    this.scene?.close();
    this.#pixels?.close();
    this.scene = null;
    this.#pixels = null;
  }

  /** Leaves the photos that are shown; those on their way go on. */
  #leave() {
    this.closePanel(false);
    this.#turn++;
    this.#close();
    this.current = null;
    this.stage.show(null);
    this.#kept.push(...this.photos.list);
    this.photos.list = [];
  }

  /** Photos that Back may lead to. @type {PhotoType[]} */ #kept = [];

  /** Shows what the address names. */
  async #restore() {
    const { ids, shown } = readAddress();
    if (this.current) this.#leave();
    this.render();
    if (!ids.length || !this.api.hasKey) return;
    const turn = ++this.#turn;
    const photos = await Promise.all(ids.map(id => this.#find(id)));
    if (turn !== this.#turn) return;
    this.photos.add(photos);
    this.show(photos[shown]);
  }

  /** @param {string} id @returns {Promise<PhotoType>} */
  async #find(id) {
    const here = this.#kept.find(photo => photo.id === id || photo.artworkId === id);
    if (here) return here;
    const remembered = await this.memory.find(id);
    if (remembered) return Photo.restored(remembered);
    // From another browser: the service knows it, perhaps.
    const photo = new Photo({ name: id.startsWith("p-") ? "Photo" : `cut-out ${id.slice(-6)}` });
    if (id.startsWith("p-")) Object.assign(photo, { state: "failed", failure: { code: "forgotten", message: "" } });
    else photo.artworkId = id;
    return photo;
  }
}

const size = bytes => `${Math.round(bytes / 1048576)} MB`;

new Studio();
root.dataset.ready = String(Math.round(performance.now()));
