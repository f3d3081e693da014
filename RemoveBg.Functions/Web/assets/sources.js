// Where photos come from: chosen, dropped with their folders, pasted, named by an address, or a sample.

import { looksLikeImage, megabytes, nameOf, photoFormats } from "./words.js";

/** @typedef {{ name: string, file?: File, url?: string, refusal?: { code: string, message: string } }} Source */

const by = id => /** @type {HTMLInputElement} */ (document.getElementById(id));

/** Files of one drop. A folder with more is cut short, and the page says so. */
const MOST = 200;

export class Sources {
  /**
   * @param {(sources: Source[]) => void} take
   * @param {import("./words.js").Settings} settings
   * @param {(words: string) => void} say
   */
  constructor(take, settings, say) {
    this.take = take;
    this.settings = settings;
    this.say = say;
    for (const id of ["file", "camera"])
      by(id).addEventListener("change", () => {
        const files = [...(by(id).files ?? [])];
        by(id).value = "";
        this.#files(files);
      });
    by("url-form").addEventListener("submit", event => {
      event.preventDefault();
      this.#address(by("url").value);
      by("url").value = "";
    });
    addEventListener("paste", event => this.#pasted(event));
    by("paste").addEventListener("click", () => this.#paste());
    for (const button of document.querySelectorAll("[data-sample]"))
      button.addEventListener("click", () => this.#sample(/** @type {HTMLElement} */ (button).dataset.sample ?? ""));
    const over = isOver => document.documentElement.classList.toggle("over", isOver);
    for (const type of ["dragenter", "dragover"])
      addEventListener(type, event => {
        event.preventDefault();
        over(true);
      });
    addEventListener("dragleave", event => !event.relatedTarget && over(false));
    addEventListener("drop", event => {
      event.preventDefault();
      over(false);
      if (event.dataTransfer) this.#dropped(event.dataTransfer);
    });
  }

  /** @param {DataTransfer} data */
  async #dropped(data) {
    const entries = [...data.items].map(item => item.webkitGetAsEntry?.()).filter(entry => entry !== null);
    const files = [...data.files];
    const address = data.getData("text/uri-list") || data.getData("text/plain");
    if (entries.some(entry => entry?.isDirectory)) {
      /** @type {File[]} */ const found = [];
      for (const entry of entries) if (entry) await collect(entry, found);
      // Of a folder only the photos are meant.
      this.#files(found.filter(looksLikeImage));
    } else if (files.length) this.#files(files);
    else if (address) this.#address(address);
  }

  #pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) return this.#files(files);
    if (event.target instanceof HTMLInputElement) return;
    const text = event.clipboardData?.getData("text/plain").trim() ?? "";
    if (/^https?:\/\//i.test(text)) this.#address(text);
  }

  /** The button, for fingers. */
  async #paste() {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find(type => type.startsWith("image/"));
        if (type) return this.#files([new File([await item.getType(type)], `pasted.${type.slice(6)}`, { type })]);
      }
      const text = (await navigator.clipboard.readText()).trim();
      if (/^https?:\/\//i.test(text)) return this.#address(text);
      this.say("There is no image to paste.");
    } catch {
      this.say("Your browser does not let this page paste. Choose the photo instead.");
    }
  }

  /** @param {File[]} files */
  #files(files) {
    if (!files.length) return;
    if (files.length > MOST) this.say(`${files.length} photos: the first ${MOST} are taken.`);
    this.take(files.slice(0, MOST).map(file => ({ name: file.name, file, refusal: this.#refusal(file) })));
  }

  /** @param {string} text */
  #address(text) {
    const url = text.trim().split("\n")[0].trim();
    this.take([{ name: nameOf(url), url }]);
  }

  /** @param {string} name */
  async #sample(name) {
    const response = await fetch(`assets/${name}`).catch(() => null);
    if (!response?.ok) return this.say("The service does not answer. Is it still running?");
    this.#files([new File([await response.blob()], name.replace("scene-", ""), { type: "image/jpeg" })]);
  }

  /** @param {File} file */
  #refusal(file) {
    if (!looksLikeImage(file))
      return { code: "not_an_image", message: `${file.name} is not an image. Use ${photoFormats}.` };
    // A form has a few hundred bytes beside its file.
    const limit = this.settings.uploadBytes - 64 * 1024;
    if (file.size > limit)
      return { code: "image_too_large", message: `${file.name} has ${megabytes(file.size)}.` };
    return undefined;
  }
}

/** @param {FileSystemEntry} entry @param {File[]} found */
async function collect(entry, found) {
  if (found.length > MOST) return;
  if (entry.isFile) {
    const file = await new Promise(resolve =>
      /** @type {FileSystemFileEntry} */ (entry).file(resolve, () => resolve(null)));
    if (file) found.push(file);
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise(resolve => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return;
    for (const inner of some.sort((a, b) => a.name.localeCompare(b.name))) await collect(inner, found);
  }
}
