// All photos of the page, and the queue: three are worked on at a time.

/** Photos that are sent and cut out at once. */
const AT_ONCE = 3;

export class Photos {
  /** @type {import("./photo.js").Photo[]} */
  list = [];
  /** The latest run of each photo. @type {Map<import("./photo.js").Photo, object>} */
  #running = new Map();

  /**
   * @param {import("./api.js").Api} api
   * @param {(photo: import("./photo.js").Photo) => void} onChange
   */
  constructor(api, onChange) {
    this.api = api;
    this.onChange = onChange;
  }

  /** @param {import("./photo.js").Photo[]} photos */
  add(photos) {
    this.list.push(...photos);
    this.work();
  }

  /** Starts what may start. */
  work() {
    for (const photo of this.list) {
      if (this.#running.size >= AT_ONCE) return;
      if (photo.state !== "waiting" || this.#running.has(photo)) continue;
      const run = {};
      this.#running.set(photo, run);
      photo
        .cutOut(this.api, () => this.onChange(photo))
        .finally(() => {
          if (this.#running.get(photo) === run) this.#running.delete(photo);
          this.work();
        });
    }
  }

  /** Cuts out again. @param {import("./photo.js").Photo} photo */
  again(photo) {
    photo.reset();
    this.#running.delete(photo);
    this.onChange(photo);
    this.work();
  }

  /** @param {import("./photo.js").Photo} photo */
  remove(photo) {
    photo.control.abort();
    this.list = this.list.filter(other => other !== photo);
  }

  /** @param {import("./photo.js").State[]} states */
  count(...states) {
    return this.list.filter(photo => states.includes(photo.state)).length;
  }
}
