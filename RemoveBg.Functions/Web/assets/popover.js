// A small dialog that its button opens and closes; Escape and a press elsewhere close it.

export class Popover {
  /** @param {HTMLElement} button @param {HTMLElement} dialog */
  constructor(button, dialog) {
    this.button = button;
    this.dialog = dialog;
    button.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    addEventListener("pointerdown", event => {
      const target = /** @type {Node} */ (event.target);
      if (this.isOpen && !dialog.contains(target) && !button.contains(target)) this.#hide();
    });
    for (const element of [button, dialog])
      element.addEventListener("keydown", event => {
        if (event.key !== "Escape" || !this.isOpen) return;
        event.stopPropagation();
        this.close();
      });
  }

  get isOpen() {
    return !this.dialog.hidden;
  }

  open() {
    this.dialog.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    const first = this.dialog.querySelector(":checked, [role^=menuitem][aria-checked=true], button, a");
    if (first instanceof HTMLElement) first.focus();
    else {
      this.dialog.tabIndex = -1;
      this.dialog.focus();
    }
  }

  /** Gives the focus back to the button. */
  close() {
    this.#hide();
    this.button.focus();
  }

  #hide() {
    this.dialog.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
  }
}
