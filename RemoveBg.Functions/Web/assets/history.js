// Undo and redo without end, for everything that the visitor does to one photo.

/** @typedef {{ undo: () => void, redo: () => void, kind: string }} Step */

export class History {
  /** @type {Step[]} */ #done = [];
  /** @type {Step[]} */ #undone = [];

  /** @param {Step} step Already done. */
  add(step) {
    this.#done.push(step);
    this.#undone = [];
  }

  /** Replaces what the last step does again. @param {() => void} redo */
  amend(redo) {
    const last = this.#done.at(-1);
    if (last) last.redo = redo;
    this.#undone = [];
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** @param {string} kind */
  has(kind) {
    return this.#done.some(step => step.kind === kind);
  }

  undo() {
    const step = this.#done.pop();
    if (!step) return;
    step.undo();
    this.#undone.push(step);
  }

  redo() {
    const step = this.#undone.pop();
    if (!step) return;
    step.redo();
    this.#done.push(step);
  }

  clear() {
    this.#done = [];
    this.#undone = [];
  }
}
