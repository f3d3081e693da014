// Tabs as the ARIA Authoring Practices describe them: one is in the tab order, the arrow keys reach the others.

const by = id => /** @type {HTMLElement} */ (document.getElementById(id));

export class Tabs {
  /** @type {Record<string, string>} */ #texts = {};
  #shown = "";

  constructor() {
    by("tabs").addEventListener("keydown", event => this.#move(event));
    by("copy-code").addEventListener("click", () => this.#copy());
  }

  /** @param {Record<string, string>} texts By the tab's name, in order. */
  fill(texts) {
    const keep = this.#shown in texts ? this.#shown : Object.keys(texts)[0];
    this.#texts = texts;
    // The tabs are always the same: one that has the focus keeps it.
    if (!by("tabs").children.length) by("tabs").replaceChildren(
      ...Object.keys(texts).map(name => {
        const tab = document.createElement("button");
        Object.assign(tab, {
          id: `tab-${name.replace("#", "sharp").toLowerCase()}`,
          textContent: name,
          type: "button",
        });
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-controls", "code-text");
        tab.addEventListener("click", () => this.#show(name));
        return tab;
      }),
    );
    this.#show(keep);
  }

  #show(name) {
    this.#shown = name;
    for (const tab of by("tabs").children) {
      const isShown = tab.textContent === name;
      tab.setAttribute("aria-selected", String(isShown));
      /** @type {HTMLElement} */ (tab).tabIndex = isShown ? 0 : -1;
      if (isShown) by("code-text").setAttribute("aria-labelledby", tab.id);
    }
    by("text").textContent = this.#texts[name];
    by("copied").textContent = "";
  }

  #move(event) {
    const tabs = /** @type {HTMLElement[]} */ ([...by("tabs").children]);
    const at = tabs.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const step = {
      ArrowRight: 1,
      ArrowLeft: -1,
      Home: -at,
      End: tabs.length - 1 - at,
    }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = tabs[(at + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  }

  async #copy() {
    const done = await navigator.clipboard.writeText(this.#texts[this.#shown]).then(
      () => true,
      () => false,
    );
    by("copied").textContent = done ? "Copied" : "Your browser does not let this page copy; select the text instead.";
  }
}
