// Programs that repeat what this page has just done. Each is complete; the key comes from the environment.

const shell = text => `'${String(text).replaceAll("'", "'\\''")}'`;
const quoted = value => JSON.stringify(value);
const python = value => (value === true ? "True" : value === false ? "False" : quoted(value));
const csharp = value => (typeof value === "string" ? quoted(value) : `"${value}"`);

/**
 * @typedef {object} Sent What was sent where.
 * @property {string} url
 * @property {string|null} file The photo's file; null if it was named by its URL.
 * @property {string|null} [background] The file of the new background.
 * @property {Record<string, string|number|boolean>} fields
 */

/** @param {Sent} sent @returns {Record<string, string>} Programs by language. */
export function snippets(sent) {
  const files = /** @type {[string, string][]} */ (
    [["image", sent.file], ["background", sent.background ?? null]].filter(([, name]) => name));
  const done = { ...sent, files };
  return { curl: curl(done), JavaScript: javascript(done), Python: pythonProgram(done), "C#": csharpProgram(done) };
}

function extension(fields) {
  return fields.outputFormat === "png" ? "png" : "webp";
}

function curl({ url, files, fields }) {
  const body = files.length
    ? [
        ...files.map(([name, file]) => `-F ${name}=@${shell(file)}`),
        ...Object.entries(fields).map(([name, value]) => `-F ${shell(`${name}=${value}`)}`),
      ]
    : ["-H 'Content-Type: application/json'", `-d ${shell(JSON.stringify(fields))}`];
  return `curl -sf ${url}/v2/artworks/remove-background \\
  -H "Authorization: Bearer $REMOVEBG_KEY" -H 'Prefer: wait=60' \\
  ${body.join(" \\\n  ")} -o artwork.json
curl -sf "$(sed -E 's/.*"results":\\["([^"]+)".*/\\1/' artwork.json)" -o cutout.${extension(fields)}`;
}

function javascript({ url, files, fields }) {
  const lines = files.length
    ? [
        `const body = new FormData();`,
        ...files.map(
          ([name, file]) =>
            `body.append("${name}", new Blob([await readFile(${quoted(file)})]), ${quoted(file)});`,
        ),
        ...Object.entries(fields).map(([name, value]) => `body.append(${quoted(name)}, ${quoted(String(value))});`),
      ]
    : [`const body = JSON.stringify(${JSON.stringify(fields)});`];
  const type = files.length ? "" : `, "Content-Type": "application/json"`;
  return `// node cutout.mjs (Node 20 or later)
import { ${files.length ? "readFile, " : ""}writeFile } from "node:fs/promises";

const headers = { Authorization: \`Bearer \${process.env.REMOVEBG_KEY}\`${type} };
${lines.join("\n")}
let response = await fetch("${url}/v2/artworks/remove-background", { method: "POST", headers, body });
let artwork = await response.json();
if (!response.ok) throw new Error(artwork.message);

while (artwork.status === "starting" || artwork.status === "processing") {
  await new Promise(resolve => setTimeout(resolve, 1000));
  response = await fetch(\`${url}/v2/artworks/\${artwork.id}\`, { headers });
  artwork = await response.json();
}
if (artwork.status !== "succeeded") throw new Error(artwork.error?.message ?? artwork.status);
const image = await fetch(artwork.results[0]);
await writeFile("cutout.${extension(fields)}", Buffer.from(await image.arrayBuffer()));`;
}

function pythonProgram({ url, files, fields }) {
  const send = files.length
    ? `response = requests.post(API + "/remove-background", headers=HEADERS,
                         files={${files
                           .map(([name, file]) => `"${name}": open(${quoted(file)}, "rb")`)
                           .join(", ")}},
                         data={${Object.entries(fields)
                           .map(([name, value]) => `${quoted(name)}: ${quoted(String(value))}`)
                           .join(", ")}})`
    : `response = requests.post(API + "/remove-background", headers=HEADERS,
                         json={${Object.entries(fields)
                           .map(([name, value]) => `${quoted(name)}: ${python(value)}`)
                           .join(", ")}})`;
  return `import os
import time

import requests

API = "${url}/v2/artworks"
HEADERS = {"Authorization": f"Bearer {os.environ['REMOVEBG_KEY']}"}

${send}
artwork = response.json()
if not response.ok:
    raise SystemExit(artwork["message"])

while artwork["status"] in ("starting", "processing"):
    time.sleep(1)
    artwork = requests.get(f"{API}/{artwork['id']}", headers=HEADERS).json()
if artwork["status"] != "succeeded":
    raise SystemExit(artwork.get("error", artwork["status"]))
with open("cutout.${extension(fields)}", "wb") as file:
    file.write(requests.get(artwork["results"][0]).content)`;
}

function csharpProgram({ url, files, fields }) {
  const content = files.length
    ? `using var content = new MultipartFormDataContent
{
${files
  .map(
    ([name, file]) =>
      `    { new ByteArrayContent(await File.ReadAllBytesAsync(${quoted(file)})), "${name}", ${quoted(file)} },`,
  )
  .join("\n")}
${Object.entries(fields)
  .map(([name, value]) => `    { new StringContent(${csharp(value)}), ${quoted(name)} },`)
  .join("\n")}
};`
    : `using var content = new StringContent("""${JSON.stringify(fields)}""", Encoding.UTF8, "application/json");`;
  return `// dotnet run cutout.cs (.NET 10 or later)
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

using var client = new HttpClient { BaseAddress = new Uri("${url}") };
var key = Environment.GetEnvironmentVariable("REMOVEBG_KEY");
client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

${content}
var response = await client.PostAsync("/v2/artworks/remove-background", content);
var artwork = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
if (!response.IsSuccessStatusCode) throw new Exception(artwork.GetProperty("message").GetString());

while (artwork.GetProperty("status").GetString() is "starting" or "processing")
{
    await Task.Delay(1000);
    artwork = JsonDocument.Parse(await client.GetStringAsync($"/v2/artworks/{artwork.GetProperty("id")}")).RootElement;
}
if (artwork.GetProperty("status").GetString() != "succeeded") throw new Exception(artwork.ToString());
using var plain = new HttpClient();
var result = await plain.GetByteArrayAsync(artwork.GetProperty("results")[0].GetString());
await File.WriteAllBytesAsync("cutout.${extension(fields)}", result);`;
}
