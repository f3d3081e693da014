// The line of facts under the picture: how sure the model was, which one it was, and the choice of another.

import { certainty } from "./words.js";
import { Popover } from "./popover.js";

const by = id => /** @type {HTMLElement} */ (document.getElementById(id));

export class Facts {
  /** @param {import("./studio.js").Studio} studio */
  constructor(studio) {
    this.studio = studio;
    this.popover = new Popover(by("fact"), by("pop"));
    by("models").addEventListener("change", event => {
      const model = /** @type {HTMLInputElement} */ (event.target).value;
      this.popover.close();
      studio.cutOutAgain({ model });
    });
  }

  render() {
    const { current, settings } = this.studio;
    const isDone = current?.state === "done";
    by("fact").hidden = !isDone || current.isEmpty || current.confidence === null;
    by("fact-more").textContent = "";
    if (!isDone) return;
    const { artwork, confidence, model } = current;
    const name = model ?? settings.model;
    by("fact-more").textContent = [name, artwork && `${artwork.duration.toFixed(2)} s`].filter(Boolean).join(", ");
    if (confidence === null) return;
    const { isSure, strong, rest } = certainty(confidence);
    by("fact").classList.toggle("warn", !isSure);
    by("fact-icon").setAttribute("href", isSure ? "#i-check" : "#i-alert");
    const bold = Object.assign(document.createElement("b"), { textContent: strong });
    by("fact-text").replaceChildren(bold, rest);
    by("pop-title").textContent = `${Math.round(confidence * 100)} % sure of the subject`;
    this.#renderModels(name);
  }

  #renderModels(name) {
    const installed = this.studio.settings.models.filter(model => model.isInstalled);
    by("models").hidden = installed.length < 2;
    by("pop-text").textContent = "Below 80 %, the edges are worth a closer look."
      + (installed.length > 1 ? " Choose another model to cut this photo out again." : "");
    const legend = /** @type {Element} */ (by("models").firstElementChild);
    by("models").replaceChildren(legend, ...installed.map(model => {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", name: "model", value: model.name,
        checked: model.name === name });
      label.append(input, Object.assign(document.createElement("b"), { textContent: model.name }),
        Object.assign(document.createElement("span"), { textContent: about(model) }));
      return label;
    }));
    // The list begins with the best.
    const [best] = this.studio.settings.models;
    by("pop-better").hidden = !best || best.isInstalled;
    if (best) by("pop-better").textContent = `A better model is not installed here: ${best.name}. ${about(best)}.`;
  }
}

/** @param {{ about: string }} model */
const about = ({ about }) => about[0].toUpperCase() + about.slice(1);
