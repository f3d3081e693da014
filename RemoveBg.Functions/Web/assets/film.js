// The filmstrip below the stage: all photos, each with its state.

import { SURE, failureWords } from "./words.js";

const by = id => /** @type {HTMLElement} */ (document.getElementById(id));

export class Film {
  /** @type {Map<import("./photo.js").Photo, HTMLLIElement>} */ #cells = new Map();
  #add = this.#makeAdd();

  /** @param {import("./studio.js").Studio} studio */
  constructor(studio) {
    this.studio = studio;
    by("cells").addEventListener("keydown", event => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const buttons = /** @type {HTMLElement[]} */ ([...by("cells").querySelectorAll("button")]);
      const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      if (step && at >= 0) {
        event.preventDefault();
        buttons[Math.min(buttons.length - 1, Math.max(0, at + step))].focus();
      }
      if (event.key === "Delete") studio.remove();
    });
  }

  render() {
    const { photos, current } = this.studio;
    const { list } = photos;
    by("film").hidden = list.length < 2;
    if (list.length < 2) return;
    for (const [photo, cell] of this.#cells) {
      if (list.includes(photo)) continue;
      cell.remove();
      this.#cells.delete(photo);
    }
    for (const photo of list) {
      if (!this.#cells.has(photo)) this.#cells.set(photo, this.#make(photo));
      this.#update(photo, photo === current);
    }
    const cells = list.map(photo => /** @type {HTMLLIElement} */ (this.#cells.get(photo)));
    if ([...by("cells").children].some((child, i) => child !== (cells[i] ?? this.#add)) || !this.#add.isConnected)
      by("cells").replaceChildren(...cells, this.#add);
    const [done, failed] = [photos.count("done"), photos.count("failed")];
    const words = document.createElement("b");
    words.textContent = `${done} of ${list.length} done`;
    const more = document.createElement("span");
    more.textContent = failed ? `${failed} failed` : "";
    if (by("film-words").textContent !== words.textContent + more.textContent)
      by("film-words").replaceChildren(words, ...(failed ? [more] : []));
    /** @type {HTMLButtonElement} */ (by("zip")).disabled = done === 0 || this.studio.isZipping;
    if (!this.studio.isZipping) by("zip-words").textContent = `Download ${done} as zip`;
  }

  /** @param {import("./photo.js").Photo} photo */
  #make(photo) {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "cell" });
    const thumb = Object.assign(document.createElement("span"), { className: "thumb" });
    thumb.append(photo.thumb, ring());
    const caption = Object.assign(document.createElement("span"), { className: "cap" });
    button.append(thumb, caption);
    button.addEventListener("click", () => this.studio.show(photo));
    item.append(button);
    return item;
  }

  #update(photo, isCurrent) {
    const item = /** @type {HTMLLIElement} */ (this.#cells.get(photo));
    const button = /** @type {HTMLElement} */ (item.firstElementChild);
    const thumb = /** @type {HTMLElement} */ (button.querySelector(".thumb"));
    const doubtful = photo.state === "done" && (photo.isEmpty || (photo.confidence ?? 1) < SURE);
    const share = photo.total ? photo.sent / photo.total : 0;
    const [shown, words] = {
      waiting: ["Waiting", `${photo.name}, waiting`],
      sending: [photo.pauseSeconds ? "Paused" : `${Math.round(share * 100)} %`, `${photo.name}, uploading`],
      queued: ["In the queue", `${photo.name}, in the queue`],
      working: ["Cutting out", `${photo.name}, cutting out`],
      loading: ["Loading", `${photo.name}, loading`],
      done: [photo.name,
        `${photo.name}, done${photo.isEmpty ? ", no subject found" : doubtful ? ", worth a look" : ""}`],
      canceled: [photo.name, `${photo.name}, canceled`],
      failed: [photo.name, `${photo.name}, failed: ${photo.failure
        ? failureWords(photo.failure, { ...photo, settings: this.studio.settings }).title : ""}`],
    }[photo.state];
    item.classList.toggle("bad-cell", photo.state === "failed");
    thumb.classList.toggle("checks", photo.state === "done");
    thumb.classList.toggle("busy", photo.isBusy);
    thumb.classList.toggle("waits", photo.state === "waiting" || photo.state === "canceled");
    thumb.style.background = photo.state === "done" && photo.edits.background.kind === "colour"
      ? photo.edits.background.colour : "";
    const circle = /** @type {SVGElement} */ (thumb.querySelector(".ring"));
    circle.toggleAttribute("hidden", !photo.isBusy);
    circle.classList.toggle("turns", photo.state !== "sending");
    circle.style.setProperty("--done", String(photo.state === "sending" ? share * 100 : 30));
    mark(thumb, photo.state === "failed" ? "failed" : doubtful ? "doubtful" : "");
    if (isCurrent && !button.hasAttribute("aria-current")) {
      button.setAttribute("aria-current", "true");
      item.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else if (!isCurrent) {
      button.removeAttribute("aria-current");
    }
    button.setAttribute("aria-label", words);
    button.title = photo.name;
    /** @type {HTMLElement} */ (button.querySelector(".cap")).textContent = shown;
  }

  #makeAdd() {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "cell" });
    const thumb = Object.assign(document.createElement("span"), { className: "thumb add" });
    thumb.append(icon("plus"));
    button.append(thumb, Object.assign(document.createElement("span"), { className: "cap", textContent: "Add" }));
    button.addEventListener("click", () => by("file").click());
    item.append(button);
    return item;
  }
}

/** @param {HTMLElement} thumb @param {""|"failed"|"doubtful"} what */
function mark(thumb, what) {
  if ((thumb.dataset.mark ?? "") === what) return;
  thumb.dataset.mark = what;
  for (const old of thumb.querySelectorAll(".badge, .sign")) old.remove();
  if (!what) return;
  const sign = document.createElement("span");
  sign.className = what === "failed" ? "sign" : "badge";
  sign.append(icon("alert"));
  thumb.append(sign);
}

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = svg.appendChild(document.createElementNS(SVG, "use"));
  use.setAttribute("href", `#i-${name}`);
  return svg;
}

function ring() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "ring");
  svg.setAttribute("viewBox", "0 0 44 44");
  svg.setAttribute("aria-hidden", "true");
  for (const name of ["", "done"]) {
    const circle = svg.appendChild(document.createElementNS(SVG, "circle"));
    for (const [key, value] of Object.entries({ class: name, cx: "22", cy: "22", r: "18", pathLength: "100" }))
      circle.setAttribute(key, value);
  }
  return svg;
}
