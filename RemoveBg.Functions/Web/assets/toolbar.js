// The bars: tools, zoom, download, copy, share. A toolbar is one tab stop; arrows reach the others (ARIA practices).

const by = id => /** @type {HTMLElement} */ (document.getElementById(id));

/** Pixels that a sheet must be dragged down to close. */
const CLOSING = 60;

export class Toolbar {
  /** @param {import("./studio.js").Studio} studio */
  constructor(studio) {
    const { stage } = studio;
    const on = (id, act) => by(id).addEventListener("click", act);
    on("home", event => {
      event.preventDefault();
      studio.restart();
    });
    on("add", () => by("file").click());
    on("zoom-in", () => stage.zoomBy(1.25));
    on("zoom-out", () => stage.zoomBy(0.8));
    on("zoom-fit", () => stage.fit());
    on("remove", () => studio.remove());
    on("zip", () => studio.downloadAll());
    on("download", () => studio.download());
    on("tool-compare", () => {
      const isOn = !stage.isComparing;
      if (studio.panel && studio.panel !== "code") studio.closePanel(false);
      stage.isComparing = isOn;
      studio.render();
      stage.splitAt = stage.split;
    });
    on("tool-shadow", () => studio.edit("shadow", edits => ({ ...edits, shadow: !edits.shadow })));
    for (const button of document.querySelectorAll("button[data-panel]"))
      button.addEventListener("click", event => {
        const name = /** @type {any} */ (button).dataset.panel;
        // A click without a place is a key.
        if (studio.panel === name) studio.closePanel();
        else studio.openPanel(name, /** @type {MouseEvent} */ (event).detail === 0);
      });
    for (const button of document.querySelectorAll(".panel .close"))
      button.addEventListener("click", () => studio.closePanel());
    for (const button of document.querySelectorAll("[data-for-all]"))
      button.addEventListener("click", () => studio.useForAll(/** @type {any} */ (button).dataset.forAll));
    for (const head of document.querySelectorAll(".panel-head")) dragToClose(/** @type {HTMLElement} */ (head), studio);
    this.#formats(studio);
    this.#copyAndShare(studio);
    this.#rove();
    by("hero-split").addEventListener("input", event => splitHero(Number(/** @type {any} */ (event.target).value)));
    const knob = /** @type {HTMLElement} */ (document.querySelector(".hero .knob"));
    knob.addEventListener("pointerdown", event => knob.setPointerCapture(event.pointerId));
    knob.addEventListener("pointermove", event => {
      if (!knob.hasPointerCapture(event.pointerId)) return;
      const { left, width } = by("hero").getBoundingClientRect();
      splitHero(((event.clientX - left) / width) * 100);
    });
  }

  /** @param {import("./studio.js").Studio} studio */
  #formats(studio) {
    const items = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-format]")]);
    for (const item of items)
      item.addEventListener("click", () => {
        if (item.getAttribute("aria-disabled") === "true") return;
        studio.format = /** @type {any} */ (item.dataset.format);
        studio.render();
        studio.formats.close();
      });
    by("formats").addEventListener("keydown", event => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      items[(at + step + items.length) % items.length].focus();
    });
  }

  /** @param {import("./studio.js").Studio} studio */
  #copyAndShare(studio) {
    by("copy-picture").addEventListener("click", async () => {
      const photo = studio.current;
      if (!photo) return;
      try {
        // The promise, not the file: Safari wants the write in the same moment as the click.
        const file = studio.fileOf(photo, "png").then(file => new Blob([file], { type: "image/png" }));
        await navigator.clipboard.write([new ClipboardItem({ "image/png": file })]);
        studio.say("The picture is copied.");
        flash("copy-picture", "Copied");
      } catch {
        studio.say("Your browser does not let this page copy pictures. Download it instead.");
        flash("copy-picture", "Not allowed");
      }
    });
    const canShare = "canShare" in navigator
      && navigator.canShare({ files: [new File([], "a.png", { type: "image/png" })] });
    by("share").hidden = !canShare;
    by("share").addEventListener("click", async () => {
      if (!studio.current) return;
      const file = await studio.fileOf(studio.current);
      try {
        await navigator.share({ files: [file], title: file.name });
      } catch (error) {
        // Closing the system's dialog is no failure. A browser that does not let this page share gives the file.
        const isClosed = error instanceof DOMException && error.name === "AbortError";
        if (!isClosed) by("download").click();
      }
    });
  }

  #rove() {
    const tools = /** @type {HTMLButtonElement[]} */ ([...by("tools").querySelectorAll("button")]);
    const stop = tool => tools.forEach(other => (other.tabIndex = other === tool ? 0 : -1));
    stop(tools[1]);
    by("tools").addEventListener("focusin", event => stop(event.target));
    by("tools").addEventListener("keydown", event => {
      const usable = tools.filter(tool => !tool.disabled);
      const at = usable.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
      const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: usable.length - 1 }[event.key];
      if (next === undefined || !usable.length) return;
      event.preventDefault();
      usable[(next + usable.length) % usable.length].focus();
    });
  }
}

/** @param {number} percent */
function splitHero(percent) {
  const share = Math.min(100, Math.max(0, percent));
  by("hero").style.setProperty("--split", `${share}%`);
  /** @type {HTMLInputElement} */ (by("hero-split")).value = String(Math.round(share));
}

/** @param {string} id @param {string} words */
function flash(id, words) {
  const label = /** @type {HTMLElement} */ (by(id).querySelector("span"));
  label.textContent = words;
  setTimeout(() => (label.textContent = "Copy"), 1500);
}

/** On a phone the panel is a sheet: dragged down by its head, it closes. */
function dragToClose(head, studio) {
  let from = NaN;
  head.addEventListener("pointerdown", event => {
    if (event.target instanceof Element && event.target.closest("button")) return;
    from = event.clientY;
    head.setPointerCapture(event.pointerId);
  });
  head.addEventListener("pointermove", event => {
    // Without a drag `from` is NaN, and no comparison holds.
    if (!(event.clientY - from >= CLOSING) || matchMedia("(min-width: 761px)").matches) return;
    from = NaN;
    studio.closePanel();
  });
  head.addEventListener("pointerup", () => (from = NaN));
}
