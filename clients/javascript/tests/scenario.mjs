// Goes through the behaviours of clients/README.md and prints one line for each: ok or FAILED, and its name.
// The environment names a running service (REMOVEBG_URL, REMOVEBG_KEY, REMOVEBG_WEBHOOK_SECRET), a photo (PHOTO,
// PHOTO_URL) and a server that stands in for a service in trouble and receives webhooks (STAND_IN).

import { createReadStream, openAsBlob } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiError, ArtworkFailed, RemoveBgClient, verifyWebhook, WaitTimeout, WebhookInvalid } from "../removebg.js";

const { REMOVEBG_URL, REMOVEBG_KEY, REMOVEBG_WEBHOOK_SECRET, PHOTO, PHOTO_URL, STAND_IN } = process.env;
const PNG = { outputFormat: "png", size: 64 };
const client = new RemoveBgClient(REMOVEBG_URL, REMOVEBG_KEY);
const standIn = (name, settings) => new RemoveBgClient(`${STAND_IN}/${name}`, REMOVEBG_KEY, settings);
const photo = () => openAsBlob(PHOTO);

async function behaviour(name, check) {
  try {
    await check();
    console.log("ok", name);
  } catch (error) {
    process.exitCode = 1;
    console.log("FAILED", name, String(error.stack).replaceAll("\n", " | "), String(error.cause ?? ""));
  }
}

function expect(condition, seen) {
  if (!condition) throw new Error(JSON.stringify(seen));
}

async function raises(kind, action) {
  try {
    await action();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`${kind.name} was not raised`);
}

async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

const isPng = data => Buffer.from(data).toString("latin1", 0, 8) === "\x89PNG\r\n\x1a\n";

async function cutOut(source, options = PNG) {
  const artwork = await client.wait(await client.submit(source, options));
  expect(isPng(await client.download(artwork)), artwork);
  return artwork;
}

await behaviour("submit-file", async () => cutOut(await photo()));
await behaviour("submit-bytes", async () => cutOut(await readFile(PHOTO)));
await behaviour("submit-stream", async () => {
  await cutOut(createReadStream(PHOTO));
  await cutOut((await photo()).stream());
});
await behaviour("submit-url", () => cutOut(new URL(PHOTO_URL)));

await behaviour("options", async () => {
  const options = {
    outputFormat: "png", crop: true, cropMargin: "10%", background: "#fff", shadow: false, megapixels: 0.5, size: 64,
    roi: "0% 0% 100% 100%", channels: "rgba", model: "removebg", requireForeground: true,
  };
  for (const source of [await photo(), PHOTO_URL]) {
    const { parameters } = await client.submit(source, options);
    for (const [name, value] of Object.entries(options)) expect(parameters[name] === value, { name, parameters });
  }
});

await behaviour("background-file", async () => {
  const artwork = await cutOut(PHOTO_URL, { ...PNG, background: await photo() });
  expect("background" in artwork.parameters, artwork);
});

await behaviour("prefer-wait", async () => {
  expect((await client.submit(await photo(), PNG, { wait: 60 })).status === "succeeded", "not ended");
});

await behaviour("own-idempotency-key", async () => {
  const one = await client.submit(PHOTO_URL, PNG, { idempotencyKey: "javascript-1" });
  const two = await client.submit(PHOTO_URL, PNG, { idempotencyKey: "javascript-1" });
  const other = await client.submit(PHOTO_URL, PNG);
  expect(one.id === two.id && other.id !== one.id, [one, two, other]);
});

await behaviour("watch", async () => {
  const seen = await all(client.watch(await client.submit(await photo(), PNG)));
  expect(seen.at(-1).status === "succeeded", seen);
});

await behaviour("download-file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "removebg-"));
  try {
    const artwork = await client.submit(await photo(), PNG, { wait: 60 });
    await client.downloadTo(artwork.id, join(folder, "cutout.png"));
    expect(isPng(await readFile(join(folder, "cutout.png"))), artwork);
    expect((await readdir(folder)).length === 1, await readdir(folder));
  } finally {
    await rm(folder, { recursive: true });
  }
});

await behaviour("download-stream", async () => {
  const artwork = await client.submit(await photo(), PNG, { wait: 60 });
  const streamed = Buffer.concat(await all(await client.downloadStream(artwork)));
  expect(streamed.equals(await client.download(artwork)), artwork);
});

await behaviour("cancel", async () => {
  const artwork = await client.submit(`${STAND_IN}/held.jpg`);
  expect((await client.cancel(artwork)).status === "canceled", artwork);
  expect((await raises(ArtworkFailed, () => client.wait(artwork.id))).code === "canceled", artwork);
});

await behaviour("delete", async () => {
  const artwork = await client.submit(await photo(), PNG, { wait: 60 });
  await client.delete(artwork);
  expect((await raises(ApiError, () => client.read(artwork))).status === 404, artwork);
});

await behaviour("list", async () => {
  const listed = (await all(client.list({ pageSize: 2 }))).map(artwork => artwork.id);
  expect(listed.length > 4 && new Set(listed).size === listed.length, listed);
  const canceled = await all(client.list({ status: "canceled" }));
  expect(canceled.every(artwork => artwork.status === "canceled"), canceled);
});

await behaviour("batch-urls", async () => {
  const artworks = await client.submitBatch([PHOTO_URL, PHOTO_URL], [PNG, { outputFormat: "webp" }]);
  expect(artworks.map(artwork => artwork.parameters.outputFormat).join() === "png,webp", artworks);
});

await behaviour("batch-files", async () => {
  const [image, text] = await client.submitBatch([await photo(), Buffer.from("This is no image.")], PNG);
  expect(isPng(await client.download(await client.wait(image))), image);
  await raises(ArtworkFailed, () => client.wait(text));
});

await behaviour("test-webhook", async () => {
  const report = await client.testWebhook(`${STAND_IN}/webhook`);
  expect(report.outcome === "delivered" && report.statusCode === 200 && report.sent.status === "succeeded", report);
});

await behaviour("deliveries", async () => {
  const artwork = await client.submit(await photo(), { size: 64, webhook: `${STAND_IN}/webhook` }, { wait: 60 });
  let deliveries;
  const end = Date.now() + 60_000;
  do {
    deliveries = await client.listDeliveries(artwork);
    expect(Date.now() < end, deliveries);
  } while (deliveries.status !== "delivered");
  expect(deliveries.items[0].outcome === "delivered", deliveries);
  expect((await client.redeliver(artwork)).webhookId === deliveries.webhookId, deliveries);
});

/** @returns {Promise<[Record<string, string>, Buffer]>} Headers and body of a sample webhook. */
async function delivery() {
  await client.testWebhook(`${STAND_IN}/webhook`);
  const { headers, body } = await (await fetch(`${STAND_IN}/last-webhook`)).json();
  return [headers, Buffer.from(body, "base64")];
}

await behaviour("webhook-genuine", async () => {
  const [headers, body] = await delivery();
  expect((await verifyWebhook(REMOVEBG_WEBHOOK_SECRET, headers, body)).status === "succeeded", headers);
  await verifyWebhook(REMOVEBG_WEBHOOK_SECRET, new Headers(headers), body.toString());
});

await behaviour("webhook-forged", async () => {
  const [headers, body] = await delivery();
  const wrong = "whsec_" + Buffer.alloc(32).toString("base64");
  await raises(WebhookInvalid, () => verifyWebhook(REMOVEBG_WEBHOOK_SECRET, headers, body + " "));
  await raises(WebhookInvalid, () => verifyWebhook(wrong, headers, body));
  await raises(WebhookInvalid, () => verifyWebhook(REMOVEBG_WEBHOOK_SECRET, {}, body));
  for (const empty of ["", "whsec_"]) await raises(TypeError, () => verifyWebhook(empty, headers, body));
});

await behaviour("webhook-rotated", async () => {
  const [headers, body] = await delivery();
  const several = `v1,AAAA v2,x ${headers["webhook-signature"]}`;
  await verifyWebhook(REMOVEBG_WEBHOOK_SECRET, { ...headers, "webhook-signature": several }, body);
});

await behaviour("webhook-old", async () => {
  const [headers, body] = await delivery();
  const sent = Number(headers["webhook-timestamp"]);
  const at = now => verifyWebhook(REMOVEBG_WEBHOOK_SECRET, headers, body, { now });
  await at(sent + 299);
  await raises(WebhookInvalid, () => at(sent + 301));
  await raises(WebhookInvalid, () => at(sent - 301));
});

await behaviour("api-error", async () => {
  const error = await raises(ApiError, () => client.submit(PHOTO_URL, { scale: "5%" }));
  expect(error.status === 400 && error.message.includes("scale") && error.traceparent.startsWith("00-"), error);
  expect(error.attempts === 1, error.attempts);
});

await behaviour("retry-429", async () => {
  const start = performance.now();
  expect((await standIn("busy").submit(PHOTO_URL)).status === "starting", "not accepted");
  expect(performance.now() - start >= 990, "Retry-After: 1 was not honoured");
});

await behaviour("retry-500", async () => {
  expect((await standIn("failing").submit(await photo())).status === "starting", "not accepted");
});

await behaviour("retry-503", async () => {
  const [artwork] = await standIn("unavailable").submitBatch([await photo()]);
  expect(artwork.status === "starting", "not accepted");
});

await behaviour("retry-connection", async () => {
  expect((await standIn("closing").submit(createReadStream(PHOTO))).status === "starting", "not accepted");
});

await behaviour("retry-gives-up", async () => {
  let error = await raises(ApiError, () => standIn("patient").submit(PHOTO_URL));
  expect(error.status === 429 && error.retryAfter === 3600 && error.attempts === 1, error);
  error = await raises(ApiError, () => standIn("hopeless", { retries: 1 }).submit(PHOTO_URL));
  expect(error.status === 503 && error.message === "Service Unavailable" && error.attempts === 2, error);
});

await behaviour("retry-delete", () => standIn("deleting").delete("1"));

await behaviour("retry-download", async () => {
  expect(Buffer.from(await standIn("storing").download("1")).toString() === "0123456789", "not whole");
});

await behaviour("wait-polls", async () => {
  const start = performance.now();
  expect((await standIn("polling").wait("1")).status === "succeeded", "not ended");
  expect(performance.now() - start >= 2990, "Retry-After: 3 was not honoured");
});

await behaviour("wait-broken-stream", async () => {
  expect((await standIn("breaking").wait("1")).status === "succeeded", "not ended");
});

await behaviour("wait-timeout", () => raises(WaitTimeout, () => standIn("endless").wait("1", { timeoutMs: 500 })));

await behaviour("artwork-failed", async () => {
  const error = await raises(ArtworkFailed, () => standIn("broken").wait("1"));
  expect(error.code === "image_timeout" && error.message === "Too slow.", error);
});

await behaviour("cancellation", async () => {
  const stop = new AbortController();
  const waiting = standIn("endless").wait("1", { signal: stop.signal });
  stop.abort(new RangeError("no longer needed"));
  await raises(RangeError, () => waiting);
  await raises(DOMException, () => standIn("silent").submit(PHOTO_URL, {}, { signal: AbortSignal.timeout(200) }));
});
