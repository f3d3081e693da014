// Calls the service with the client that openapi-typescript and openapi-fetch make of openapi.json. The test generates
// ./api.d.ts next to a copy of this file, compiles both and runs the result with the service's URL and a key. Each line
// that it prints is a step that worked; the first that does not work ends it.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };
const [, , url, key] = process.argv;
if (!url || !key) throw new Error("usage: client.mjs URL KEY");

type Artwork = components["schemas"]["Artwork"];
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
const photo = `${url}/assets/scene-toycar.jpg`;

function expect(condition: boolean, seen: unknown): asserts condition {
  if (!condition) throw new Error(JSON.stringify(seen));
}

const toForm = (body: Record<string, unknown>) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(body))
    for (const item of Array.isArray(value) ? value : [value])
      form.append(name, item instanceof Blob ? item : String(item));
  return form;
};

async function untilEnded(id: string): Promise<Artwork> {
  for (;;) {
    const { data, response } = await client.GET("/v2/artworks/{id}", { params: { path: { id } } });
    expect(data !== undefined, response.status);
    if (data.status !== "starting" && data.status !== "processing") return data;
    const seconds = Number(response.headers.get("Retry-After"));
    await new Promise(resolve => setTimeout(resolve, seconds * 1000));
  }
}

const alive = await client.GET("/healthz");
expect(alive.data?.status === "alive", alive.error);
console.log("alive");

const waited = await client.POST("/v2/artworks/remove-background", {
  params: { header: { Prefer: "wait=60" } },
  body: { imageUrl: photo, outputFormat: "png", size: 64 },
});
expect(waited.data?.status === "succeeded", waited.error ?? waited.data);
const id = waited.data.id;
console.log("submit a URL");

const file = await (await fetch(photo)).blob();
const form = await client.POST("/v2/artworks/remove-background", {
  body: { image: file, outputFormat: "webp", crop: true },
  bodySerializer: toForm,
});
expect(form.data !== undefined, form.error);
const ofFile = await untilEnded(form.data.id);
expect(ofFile.status === "succeeded" && ofFile.parameters.crop === true && ofFile.error === undefined, ofFile);
console.log("submit a file and read until it has ended");

const result = await client.GET("/v2/artworks/{id}/result", { params: { path: { id } }, parseAs: "blob" });
expect(result.data instanceof Blob && result.data.type === "image/png" && result.data.size > 100, result.error);
console.log("download");

const batch = await client.POST("/v2/artworks/batch", {
  body: { artworks: [{ imageUrl: "https://images.example.com/a.jpg" }, { imageUrl: photo, crop: true }] },
});
expect(batch.data?.items.length === 2, batch.error);
console.log("submit a batch");

const files = await client.POST("/v2/artworks/batch", { body: { images: [file, file], size: 64 },
  bodySerializer: toForm });
expect(files.data?.items.length === 2, files.error);
console.log("submit a batch of files");

const page = await client.GET("/v2/artworks", { params: { query: { limit: 1, status: "succeeded" } } });
expect(page.data?.items[0]?.status === "succeeded" && page.data.nextCursor !== undefined, page.error);
console.log("list");

const canceled = await client.POST("/v2/artworks/{id}/cancel", { params: { path: { id } } });
expect(canceled.data?.status === "succeeded", canceled.error);
console.log("cancel what has ended");

const deliveries = await client.GET("/v2/artworks/{id}/webhook-deliveries", { params: { path: { id } } });
expect(deliveries.data?.status === "none" && deliveries.data.items.length === 0, deliveries.error);
console.log("list deliveries");

const events = await client.GET("/v2/artworks/{id}/events", { params: { path: { id } }, parseAs: "text" });
expect(events.data?.includes("event: status") === true, events.error);
console.log("watch");

const gone = await client.DELETE("/v2/artworks/{id}", { params: { path: { id } } });
expect(gone.response.status === 204, gone.error);
const missing = await client.GET("/v2/artworks/{id}", { params: { path: { id } } });
expect(missing.error?.statusCode === 404 && missing.error.message === "Not Found", missing);
console.log("delete, and read an error");

const dropIn = await client.POST("/v1.0/removebg", { body: { image_url: photo, size: "preview" }, parseAs: "blob" });
expect(dropIn.data instanceof Blob && dropIn.data.type === "image/png", dropIn.error);
const balance = await client.GET("/v1.0/account");
expect(balance.data?.data.attributes.api.sizes === "all", balance.error);
console.log("remove.bg's routes");
