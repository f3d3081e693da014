// What is said on the stage while there is no result: progress, failures with a way on, no subject, and the key.

import { failureWords, megabytes } from "./words.js";

const by = id => /** @type {HTMLElement} */ (document.getElementById(id));
const input = id => /** @type {HTMLInputElement} */ (document.getElementById(id));

export class Messages {
  isAskingForKey = false;
  #step = "";

  /** @param {import("./studio.js").Studio} studio */
  constructor(studio) {
    this.studio = studio;
    by("cancel").addEventListener("click", () => {
      const { current } = studio;
      if (current) current.cancel(studio.api, () => studio.photoChanged(current));
    });
    by("again").addEventListener("click", () => {
      if (this.#way === "key") this.askForKey("");
      else studio.cutOutAgain({});
    });
    by("other").addEventListener("click", () => by("file").click());
    by("again-form").addEventListener("submit", event => {
      event.preventDefault();
      studio.cutOutAgain({ url: input("again-url").value.trim() });
    });
    by("draw-box").addEventListener("click", () => this.#drawBox());
    by("keep-all").addEventListener("click", () => studio.keepAll());
    by("box-close").addEventListener("click", () => this.#closeBox());
    by("box-cut").addEventListener("click", () => {
      const { x, y, width, height } = studio.crop.overlay.box;
      studio.crop.overlay.hide();
      studio.cutOutAgain({ roi: [x, y, x + width, y + height].map(Math.round).join(" ") });
    });
    by("key-row").addEventListener("submit", event => {
      event.preventDefault();
      if (input("key").value.trim()) studio.setKey(input("key").value);
      else this.askForKey("An API key is required: enter one here.");
    });
    by("show-key").addEventListener("click", () => {
      const isShown = input("key").type === "text";
      input("key").type = isShown ? "password" : "text";
      by("show-key").setAttribute("aria-pressed", String(!isShown));
    });
  }

  #way = "again";

  /** @param {string} problem */
  askForKey(problem) {
    this.isAskingForKey = true;
    by("key-problem").textContent = problem;
    by("key-problem").hidden = !problem;
    this.studio.render();
    input("key").focus();
  }

  closeKey() {
    this.isAskingForKey = false;
    input("key").value = "";
    input("key").type = "password";
    by("key-problem").hidden = true;
    this.studio.render();
  }

  /** @param {string} state */
  render(state) {
    const { current } = this.studio;
    const isKey = state === "key";
    by("key-row").hidden = !isKey;
    by("begin").hidden = by("samples").hidden = isKey;
    by("progress").hidden = state !== "working";
    by("veil").hidden = state !== "working" || !this.studio.hasPixels;
    by("problem").hidden = state !== "failed" && state !== "canceled";
    by("other").hidden = state === "canceled";
    by("no-subject").hidden = state !== "nosubject";
    by("box-row").hidden = state !== "box";
    if (!current) return;
    if (state === "working") this.#progress(current);
    if (state === "failed" || state === "canceled") this.#problem(current);
    if (state === "nosubject") this.#noSubject(current);
  }

  /** @param {import("./photo.js").Photo} photo */
  #progress(photo) {
    const { state, sent, total, startedAt, pauseSeconds, isAway } = photo;
    const share = total ? sent / total : 0;
    let [step, more] = {
      sending: [`Uploading, ${Math.floor(share * 100)} %`, ""],
      queued: ["Waiting for its turn", "The service is busy with other photos"],
      working: ["Cutting out", this.studio.settings.model ? `with ${photo.model ?? this.studio.settings.model}` : ""],
      loading: ["Loading the cut-out", ""],
    }[state] ?? ["Waiting", "Three photos are worked on at a time"];
    if (state === "sending" && total) {
      const left = ((performance.now() - startedAt) / 1000 / Math.max(share, 0.01)) * (1 - share);
      more = `${(sent / 1048576).toFixed(1)} of ${megabytes(total)}`
        + (share > 0.05 && share < 1 ? `, about ${Math.max(1, Math.round(left))} s left` : "");
    }
    if (state === "sending" && !photo.file) [step, more] = ["Sending the address", ""];
    if (pauseSeconds) [step, more] = ["Too many at once", `Goes on in ${pauseSeconds} s`];
    if (isAway) [step, more] = ["The service does not answer", "Trying again. The photo is not lost."];
    if (by("step").textContent !== step) by("step").textContent = step;
    if (by("step-more").textContent !== more) by("step-more").textContent = more;
    const isCounted = state === "sending" && total > 0 && !pauseSeconds;
    by("ring").style.setProperty("--done", String(isCounted ? share * 100 : 30));
    /** @type {Element} */ (by("ring").parentElement).classList.toggle("turns", !isCounted);
    by("veil").style.setProperty("--sent", isCounted ? `${share * 100}%` : "0%");
    // Not each per cent: a screen reader hears the steps.
    const said = step.replace(/,.*/, "");
    if (said !== this.#step) this.studio.say(`${photo.name}: ${said}`);
    this.#step = said;
  }

  /** @param {import("./photo.js").Photo} photo */
  #problem(photo) {
    const { settings } = this.studio;
    const isCanceled = photo.state === "canceled";
    const failure = isCanceled ? { code: "canceled", message: "" } : photo.failure;
    if (!failure) return;
    const { title, text, way, code } = failureWords(failure, { ...photo, settings });
    const key = `${photo.id} ${title} ${text}`;
    if (by("problem").dataset.shown === key) return;
    by("problem").dataset.shown = key;
    this.#way = way;
    // It is no error: the photo stays in sight.
    by("problem").classList.toggle("over", isCanceled);
    const icon = /** @type {Element} */ (by("problem").querySelector("svg"));
    icon.toggleAttribute("hidden", isCanceled);
    by("problem-title").textContent = title;
    by("problem-text").textContent = text;
    by("problem-code").textContent = isCanceled ? "" : code;
    by("again-form").hidden = !(way === "address" && photo.url !== null);
    if (photo.url) input("again-url").value = photo.url;
    const canRepeat = photo.file !== null || photo.url !== null;
    by("again").hidden = !canRepeat || way === "other" || !by("again-form").hidden;
    /** @type {Element} */ (by("again").lastElementChild).textContent =
      isCanceled ? "Cut out" : way === "key" ? "Enter another key" : "Try again";
  }

  /** @param {import("./photo.js").Photo} photo */
  #noSubject(photo) {
    const canBox = this.studio.hasPixels;
    const isFailed = photo.state === "failed";
    by("no-subject-text").textContent = (photo.roi ? "There is none inside the box. " : "")
      + "The model took the whole photo for background, so nothing was cut out."
      + (canBox ? " If there is something in it, draw a box around it." : "");
    by("draw-box").hidden = !canBox;
    by("keep-all").hidden = isFailed || !this.studio.scene;
  }

  #drawBox() {
    const { studio } = this;
    studio.isBoxing = true;
    studio.render();
    const { overlay } = studio.crop;
    const { width, height } = studio.stage.size;
    Object.assign(overlay, { ratio: null, isInside: true, onSettled: () => {} });
    const tell = box => (overlay.sizeText = `${Math.round(box.width)} × ${Math.round(box.height)}`);
    overlay.onChange = tell;
    const box = { x: Math.round(width / 4), y: Math.round(height / 4), width: Math.round(width / 2),
      height: Math.round(height / 2) };
    tell(box);
    overlay.show(box, "Box around the subject. Arrow keys move it.");
    overlay.focus();
  }

  #closeBox() {
    this.studio.isBoxing = false;
    this.studio.crop.overlay.hide();
    this.studio.render();
  }
}
