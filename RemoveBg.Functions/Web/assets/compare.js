// Compares original and cut-out, on a chosen background, at any zoom.

const by = id => document.getElementById(id);

export class Compare {
  #own = null;

  constructor() {
    this.before = by("before");
    this.after = by("after");
    this.stage = by("stage");
    by("slider").addEventListener("input", () => this.#split());
    // A mouse can drag the divider in the image itself; fingers scroll there and use the slider.
    for (const type of ["pointerdown", "pointermove"]) this.stage.addEventListener(type, event => this.#drag(event));
    by("zoom").addEventListener("change", () => this.#zoom());
    by("backgrounds").addEventListener("change", event => this.#background(event.target));
    by("colour").addEventListener("input", () => this.#choose("colour"));
    addEventListener("resize", () => this.#zoom());
  }

  /** The image chosen as new background, if it is shown. */
  get ownImage() {
    return this.stage.dataset.background === "picture" ? this.#own : null;
  }

  get colour() {
    return this.stage.dataset.background === "colour" ? by("colour").value : null;
  }

  async show(beforeUrl, afterUrl) {
    this.after.src = afterUrl;
    this.before.src = beforeUrl;
    await this.after.decode();
    // A URL that only the service can reach cannot be shown here, and a cropped image does not match the photo.
    const same = await this.before.decode().then(
      () =>
        this.before.naturalWidth === this.after.naturalWidth && this.before.naturalHeight === this.after.naturalHeight,
      () => false,
    );
    for (const element of [this.before, by("divider"), by("slider-row")]) element.hidden = !same;
    this.#zoom();
    this.#split();
  }

  #split() {
    const share = by("slider").value;
    this.before.style.clipPath = `inset(0 ${100 - share}% 0 0)`;
    by("divider").style.left = `${share}%`;
  }

  #drag(event) {
    if (event.pointerType !== "mouse" || event.buttons !== 1 || this.before.hidden) return;
    event.preventDefault();
    const { left, width } = this.stage.getBoundingClientRect();
    by("slider").value = ((event.clientX - left) / width) * 100;
    this.#split();
  }

  #zoom() {
    const zoom = by("zoom").value;
    const width = this.after.naturalWidth;
    // CSS pixels are larger than the screen's on dense screens: 100 % is one image pixel per screen pixel.
    this.stage.style.width =
      zoom === "fit" ? `min(100%, ${width / devicePixelRatio}px)` : `${(width * Number(zoom)) / devicePixelRatio}px`;
    this.stage.classList.toggle("pixels", Number(zoom) > 1);
  }

  #background(input) {
    if (input.id === "picture" && input.files[0]) {
      this.#own = input.files[0];
      this.#choose("picture");
    } else if (input.type === "radio") {
      if (input.value === "picture" && !this.#own) by("picture").click();
      this.#choose(input.value);
    }
  }

  #choose(kind) {
    document.querySelector(`input[name=background][value=${kind}]`).checked = true;
    this.stage.dataset.background = kind;
    this.stage.style.backgroundColor = kind === "colour" ? by("colour").value : "";
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = kind === "picture" && this.#own ? URL.createObjectURL(this.#own) : null;
    this.stage.style.backgroundImage = this.url ? `url("${this.url}")` : "";
  }
}
