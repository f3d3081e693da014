// Keys. Letters act only while the stage has the focus, so that typing elsewhere never triggers them.

/** What the page says about them. @type {[string[], string][]} */
export const keyWords = [
  [["+", "−", "0", "1"], "Zoom in and out, fit to the stage, 100 %"],
  [["Arrows"], "Move the picture; Shift moves it further"],
  [["C"], "Compare; on the divider, arrows move it"],
  [["O"], "Hold to see the photo"],
  [["B"], "Background"],
  [["R"], "Crop; arrows move the frame, Shift by 10"],
  [["S"], "Shadow"],
  [["T"], "Touch up"],
  [["E", "W", "[", "]"], "In Touch up: erase, restore, smaller, larger; Enter paints"],
  [["D"], "Download"],
  [[",", "."], "Photo before, photo after"],
  [["Ctrl Z", "Shift Ctrl Z"], "Undo, redo"],
  [["Esc"], "Close what is open"],
];

const by = id => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {import("./studio.js").Studio} studio */
export function listen(studio) {
  const { stage } = studio;
  const { surface } = stage;
  const click = id => () => by(id).click();
  /** @type {Record<string, () => void>} */
  const acts = {
    "+": () => stage.zoomBy(1.25), "=": () => stage.zoomBy(1.25), "-": () => stage.zoomBy(0.8),
    0: () => stage.fit(), 1: () => stage.actualSize(), "?": click("keys-toggle"),
    c: click("tool-compare"), b: click("tool-background"), r: click("tool-crop"), s: click("tool-shadow"),
    t: click("tool-touchup"), d: click("download"), ",": () => studio.step(-1), ".": () => studio.step(1),
  };
  const pans = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  surface.addEventListener("keydown", event => {
    if (event.target !== surface || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (stage.painter && studio.touchUp.key(key, event.shiftKey)) event.preventDefault();
    else if (key in pans) {
      event.preventDefault();
      const step = event.shiftKey ? 160 : 40;
      stage.panBy(pans[key][0] * step, pans[key][1] * step);
    } else if (key === "o") {
      stage.isHeld = true;
      stage.invalidate();
    } else if (acts[key]) {
      event.preventDefault();
      acts[key]();
    }
  });
  const release = () => {
    if (!stage.isHeld) return;
    stage.isHeld = false;
    stage.invalidate();
  };
  surface.addEventListener("keyup", event => event.key.toLowerCase() === "o" && release());
  surface.addEventListener("blur", release);
  addEventListener("keydown", event => {
    const isTyping = event.target instanceof HTMLInputElement
      && !["range", "radio", "checkbox"].includes(event.target.type);
    if (event.key === "Escape") studio.closePanel();
    if (!(event.ctrlKey || event.metaKey) || isTyping || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    if (event.shiftKey) studio.redo();
    else studio.undo();
  });
  by("key-list").replaceChildren(...keyWords.flatMap(([keys, words]) => {
    const term = document.createElement("dt");
    term.append(...keys.flatMap((key, i) => [...(i ? [" "] : []),
      Object.assign(document.createElement("kbd"), { textContent: key })]));
    return [term, Object.assign(document.createElement("dd"), { textContent: words })];
  }));
}
