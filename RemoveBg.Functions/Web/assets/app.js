import { Api, Problem } from "./api.js";
import { Compare } from "./compare.js";
import { snippets } from "./snippets.js";
import { Tabs } from "./tabs.js";

const by = id => document.getElementById(id);
const LARGEST = 16 * 1024 * 1024 - 64 * 1024;
const settings = JSON.parse(by("settings").textContent);
const api = new Api();
const compare = new Compare();
const tabs = new Tabs();
let current = null;

// 1. The key: the development key, or the visitor's own.
if (settings.developmentKey) api.key = settings.developmentKey;
else by("key-row").hidden = false;
by("key").addEventListener("input", event => {
  api.key = event.target.value;
});

// 2. The photo: chosen, dropped, pasted, named by a URL, or a sample.
by("file").addEventListener("change", event => {
  if (event.target.files[0]) start({ file: event.target.files[0] });
  event.target.value = "";
});
by("url-form").addEventListener("submit", event => {
  event.preventDefault();
  start({ url: by("url").value.trim() });
});
addEventListener("paste", event => {
  if (event.clipboardData.files[0]) start({ file: event.clipboardData.files[0] });
});
for (const type of ["dragenter", "dragover"])
  addEventListener(type, event => {
    event.preventDefault();
    by("drop").classList.add("over");
  });
addEventListener("dragleave", event => {
  if (!event.relatedTarget) by("drop").classList.remove("over");
});
addEventListener("drop", event => {
  event.preventDefault();
  by("drop").classList.remove("over");
  if (event.dataTransfer.files[0]) start({ file: event.dataTransfer.files[0] });
});
for (const button of document.querySelectorAll(".sample")) {
  button.addEventListener("click", () => sample(button.dataset.sample).then(file => start({ file }), show));
}
by("cancel").addEventListener("click", () => current?.id && api.cancel(current.id).catch(show));
for (const button of document.querySelectorAll("#downloads button"))
  button.addEventListener("click", () => download(button));

// 3. From the photo to the result.
async function start(photo) {
  hideProblem();
  try {
    check(photo);
    if (current?.before?.startsWith("blob:")) URL.revokeObjectURL(current.before);
    const request = { file: photo.file, fields: { ...(photo.url ? { imageUrl: photo.url } : {}), ...options() } };
    const run = (current = { request, id: null });
    by("result").hidden = true;
    const artwork = await follow(run, request);
    if (artwork === null) return;
    run.artwork = artwork;
    run.before = photo.file ? URL.createObjectURL(photo.file) : photo.url;
    await compare.show(run.before, artwork.results[0]);
    by("result").hidden = false;
    by("result-title").focus({ preventScroll: true });
    by("result").scrollIntoView({ block: "nearest" });
  } catch (problem) {
    show(problem);
  }
}

/** Submits, shows each status and returns the finished artwork; null if another photo has replaced it. */
async function follow(run, request) {
  by("progress").hidden = false;
  progress("starting", "Sending the photo");
  by("cancel").hidden = true;
  let artwork = await api.submit(request);
  run.id = artwork.id;
  by("cancel").hidden = false;
  showCode(request, artwork);
  for await (artwork of api.watch(artwork.id)) {
    if (run !== current) return null;
    progress(
      artwork.status,
      artwork.status === "succeeded"
        ? `Done in ${artwork.duration.toFixed(2)} seconds`
        : `The artwork is ${artwork.status}`,
    );
    showCode(request, artwork);
  }
  by("cancel").hidden = true;
  if (artwork.status === "succeeded") return artwork;
  throw new Problem(artwork.error ? `${artwork.error.message} (${artwork.error.code})` : "Canceled.");
}

async function sample(name) {
  const response = await fetch(`assets/${name}`).catch(() => null);
  if (!response?.ok) throw new Problem("The service does not respond. Is it still running?");
  return new File([await response.blob()], name, { type: "image/jpeg" });
}

function options() {
  const fields = {};
  for (const input of by("options").querySelectorAll("[name]")) {
    if (input.type === "checkbox") {
      if (input.checked) fields[input.name] = true;
    } else if (input.type === "number") {
      if (input.value) fields[input.name] = Number(input.value);
    } else fields[input.name] = input.value;
  }
  return fields;
}

function check({ file }) {
  if (!api.hasKey) {
    by("key").focus();
    throw new Problem("An API key is required: enter one above.");
  }
  if (!file) return;
  // Browsers do not know the type of some formats.
  if (!file.type.startsWith("image/") && !/\.(hei[cf]|avif|tiff?|jxl)$/i.test(file.name))
    throw new Problem(`${file.name} is not an image. Use JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF or JPEG XL.`);
  if (file.size > LARGEST)
    throw new Problem(
      `${file.name} has ${(file.size / 1048576).toFixed(1)} MB. The limit is 16 MB; for larger photos, give a URL.`,
    );
}

// 4. Download the result as it is, in the other format, or on the new background.
async function download(button) {
  hideProblem();
  const { request, artwork } = current;
  const withBackground = by("with-background").checked;
  const [colour, image] = withBackground ? [compare.colour, compare.ownImage] : [null, null];
  const format = button.dataset.format;
  button.disabled = true;
  try {
    let url = artwork.results[0];
    if (colour || image || artwork.parameters.outputFormat !== format) {
      const fields = { ...request.fields, outputFormat: format, ...(colour ? { background: colour } : {}) };
      const other = await follow(current, { file: request.file, background: image, fields });
      if (other === null) return;
      url = other.results[0];
    }
    const link = document.createElement("a");
    Object.assign(link, { href: url, download: `cutout.${format}` });
    document.body.append(link);
    link.click();
    link.remove();
  } catch (problem) {
    show(problem);
  } finally {
    button.disabled = false;
  }
}

function progress(status, text) {
  const steps = [...by("steps").children];
  const index = steps.findIndex(step => step.dataset.status === status);
  steps.forEach((step, i) => {
    step.classList.toggle("done", i < index || status === "succeeded");
    if (i === index) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
  by("status").textContent = text;
}

const json = value => JSON.stringify(value, null, 2);

function showCode(request, artwork) {
  const files = { image: request.file, background: request.background };
  const shown = {
    ...Object.fromEntries(
      Object.entries(files)
        .filter(([, file]) => file)
        .map(([name, file]) => [name, `${file.name} (${file.size} bytes, ${file.type})`]),
    ),
    ...request.fields,
  };
  const kind = request.file || request.background ? "multipart/form-data" : "application/json";
  by("code").hidden = false;
  tabs.fill({
    Request: `POST ${location.origin}/v2/artworks/remove-background\nContent-Type: ${kind}\n\n${json(shown)}`,
    Response: json(artwork),
    ...snippets({ url: location.origin, file: request.file?.name ?? null, fields: request.fields }),
  });
}

function show(problem) {
  if (!(problem instanceof Problem)) console.error(problem);
  const wait = problem.retryAfter ? ` Try again in ${problem.retryAfter} s.` : "";
  by("problem").textContent =
    (problem instanceof Problem ? problem.message : `This page failed: ${problem.message}`) + wait;
  by("problem").hidden = false;
  by("progress").hidden = true;
}

function hideProblem() {
  by("problem").hidden = true;
}
