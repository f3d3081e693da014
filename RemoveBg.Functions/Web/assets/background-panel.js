// The panel Background: none, a colour, the photo blurred, or the visitor's own picture.

import { palette } from "./palette.js";

const by = id => /** @type {HTMLInputElement} */ (document.getElementById(id));

export class BackgroundPanel {
  /** @param {import("./studio.js").Studio} studio */
  constructor(studio) {
    this.studio = studio;
    for (const label of document.querySelectorAll("#swatches .swatch")) paint(/** @type {HTMLElement} */ (label));
    by("kinds").addEventListener("change", event => {
      const kind = /** @type {any} */ (event.target).value;
      // Without a picture there is nothing to show yet.
      if (kind === "picture" && !studio.current?.picture) by("picture").click();
      this.#set({ kind });
    });
    by("panel-background").addEventListener("change", event => {
      const input = /** @type {HTMLInputElement} */ (event.target);
      if (input.name === "colour") this.#colour(input.value);
    });
    by("colour").addEventListener("input", () => this.#colour(by("colour").value));
    by("hex").addEventListener("input", () => {
      const hex = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(by("hex").value.trim())?.[1];
      if (hex) this.#colour(`#${hex.length === 3 ? hex.replace(/./g, "$&$&") : hex}`.toLowerCase());
    });
    by("strength").addEventListener("input", () => this.#set({ kind: "blur", strength: Number(by("strength").value) }));
    by("picture").addEventListener("change", async () => {
      const file = by("picture").files?.[0];
      by("picture").value = "";
      if (file) await studio.setPicture(file);
    });
    if ("EyeDropper" in window) {
      by("pipette").hidden = false;
      by("pipette").addEventListener("click", async () => {
        const { sRGBHex } = await new /** @type {any} */ (window).EyeDropper().open().catch(() => ({}));
        if (sRGBHex) this.#colour(sRGBHex);
      });
    }
  }

  /** Shows the photo's own colours. @param {import("./scene.js").Scene|null} scene */
  setScene(scene) {
    const row = by("photo-colours");
    row.hidden = !scene?.isReadable;
    row.querySelector(".swatches")?.replaceChildren(
      ...(scene?.isReadable && scene.photo ? palette(scene.photo, 5) : []).map(colour => {
        const label = document.createElement("label");
        label.className = "swatch";
        const input = Object.assign(document.createElement("input"), { type: "radio", name: "colour", value: colour });
        const name = Object.assign(document.createElement("span"), { className: "visually-hidden",
          textContent: colour });
        label.append(input, name);
        paint(label);
        return label;
      }),
    );
  }

  /** Shows what is chosen. @param {import("./photo.js").Photo} photo @param {import("./scene.js").Scene|null} scene */
  render(photo, scene) {
    const { kind, colour, strength } = photo.edits.background;
    for (const input of document.querySelectorAll("#kinds input")) {
      const radio = /** @type {HTMLInputElement} */ (input);
      radio.checked = radio.value === kind;
      if (radio.value === "blur") radio.disabled = !scene?.isReadable;
    }
    for (const element of document.querySelectorAll("#panel-background [data-kind]")) {
      const row = /** @type {HTMLElement} */ (element);
      const isEmpty = row.id === "photo-colours" && !row.querySelector(".swatch");
      row.hidden = isEmpty || row.dataset.kind !== kind;
    }
    for (const input of document.querySelectorAll("#panel-background [name=colour]"))
      /** @type {HTMLInputElement} */ (input).checked = /** @type {any} */ (input).value === colour;
    by("colour").value = colour;
    if (document.activeElement !== by("hex")) by("hex").value = colour.slice(1);
    by("strength").value = String(strength);
    by("strength-value").textContent = `${strength} %`;
    by("picture-name").textContent = photo.picture ? "Choose another picture" : "Choose a picture";
    by("background-note").textContent = scene && !scene.isReadable && kind === "none"
      ? "Blur needs the photo's pixels, which its server does not let this page read. Save the photo and drop it here."
      : kind === "blur" ? "The subject is taken out before the photo is blurred. Its colours do not glow around it."
        : kind === "none" ? "The download is transparent. JPEG needs a background."
          : "The download has this background.";
  }

  #colour(colour) {
    this.#set({ kind: "colour", colour });
  }

  #set(change) {
    this.studio.edit("background", edits => ({ ...edits, background: { ...edits.background, ...change } }));
  }
}

/** @param {HTMLElement} label */
function paint(label) {
  label.style.setProperty("--swatch", /** @type {HTMLInputElement} */ (label.querySelector("input")).value);
}
