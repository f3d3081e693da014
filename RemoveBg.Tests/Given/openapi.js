// Checks real requests and responses against openapi.json, whose path is the argument. Reads one exchange per line,
// {method, path, status, request, response}, and writes one list of problems per line.
"use strict";
const fs = require("fs");
const readline = require("readline");
const Ajv = require("ajv/dist/2020");
const addFormats = require("ajv-formats");

const doc = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(doc, "openapi");

// Headers of HTTP itself, which this API does not document.
const ofHttp = new Set(["content-type", "content-length", "date", "transfer-encoding", "connection", "allow"]);

const resolve = node =>
  node && node.$ref
    ? resolve(
        node.$ref
          .slice(2)
          .split("/")
          .reduce((at, step) => at[step.replaceAll("~1", "/").replaceAll("~0", "~")], doc),
      )
    : node;

const compiled = new Map();

function schemaErrors(schema, value, what) {
  // References inside are relative to the document.
  const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components'));
  const key = JSON.stringify(absolute);
  if (!compiled.has(key)) compiled.set(key, ajv.compile(absolute));
  const validate = compiled.get(key);
  return validate(value)
    ? []
    : validate.errors.map(
        error =>
          `${what}${error.instancePath} ${error.message}` +
          (error.params.additionalProperty ? ` (${error.params.additionalProperty})` : ""),
      );
}

const templates = Object.keys(doc.paths)
  .map(path => ({ path, pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, "[^/]+")}$`) }))
  .sort((a, b) => (a.path.match(/\{/g) || []).length - (b.path.match(/\{/g) || []).length);

function check({ method, path, status, request, response }) {
  const template = templates.find(entry => entry.pattern.test(path));
  const operation = template && doc.paths[template.path][method.toLowerCase()];
  if (!operation)
    return status === 404 || status === 405
      ? schemaErrors({ $ref: "#/components/schemas/Error" }, JSON.parse(response.body || "null"), "body")
      : [`${method} ${path} answered ${status} and is not documented`];
  const documented = resolve(operation.responses[status]);
  if (!documented) return [`${operation.operationId} does not document ${status}`];

  const problems = [...headers(documented, response), ...content(documented.content || {}, response, "body")];
  // What was accepted must be what is documented.
  if (status < 300 && request.body !== null && request.type === "application/json")
    problems.push(...content(operation.requestBody ? operation.requestBody.content : {}, request, "request"));
  return problems.map(problem => `${operation.operationId} ${status}: ${problem}`);
}

function headers(documented, response) {
  const problems = [];
  const known = new Map(
    Object.entries(documented.headers || {}).map(([name, header]) => [name.toLowerCase(), resolve(header)]),
  );
  for (const name of Object.keys(response.headers))
    if (!known.has(name) && !ofHttp.has(name)) problems.push(`header ${name} is not documented`);
  for (const [name, header] of known) {
    const value = response.headers[name];
    if (value === undefined) {
      if (header.required) problems.push(`header ${name} is missing`);
      continue;
    }
    const isNumber = ["integer", "number"].includes(header.schema.type) || typeof header.schema.const === "number";
    problems.push(...schemaErrors(header.schema, isNumber ? Number(value) : value, `header ${name}`));
  }
  return problems;
}

function content(documented, message, what) {
  if (message.body === "" && Object.keys(documented).length === 0) return [];
  const media = documented[message.type];
  if (!media) return [`${what} of type ${message.type} is not documented`];
  return message.type === "application/json" && message.body !== null
    ? schemaErrors(media.schema, JSON.parse(message.body), what)
    : [];
}

// The document's own examples must be what it says.
function examples(node, at) {
  if (!node || typeof node !== "object") return [];
  const own =
    node.schema && node.schema.$ref
      ? Object.values(node.examples || {}).flatMap(example =>
          schemaErrors(node.schema, example.value, `example at ${at}`),
        )
      : [];
  const header =
    node.schema && !node.schema.$ref && node.example !== undefined
      ? schemaErrors(node.schema, node.example, `example at ${at}`)
      : [];
  return [...own, ...header, ...Object.entries(node).flatMap(([name, child]) => examples(child, `${at}/${name}`))];
}

// What a receiver got, against the document's webhook.
function webhook({ headers, body }) {
  const operation = doc.webhooks.artworkEnded.post;
  return [
    ...operation.parameters.flatMap(({ name, schema }) =>
      schemaErrors(schema, schema.type === "integer" ? Number(headers[name]) : headers[name], `header ${name}`),
    ),
    ...schemaErrors(operation.requestBody.content["application/json"].schema, JSON.parse(body), "body"),
  ].map(problem => `artworkEnded: ${problem}`);
}

// Valid by the schema of the OpenAPI Initiative, and true to itself.
async function document() {
  const { Validator } = await import("@seriousme/openapi-schema-validator");
  const validator = new Validator();
  const { valid, errors } = await validator.validate(process.argv[2]);
  return [...(valid ? [] : errors.map(error => `${error.instancePath} ${error.message}`)), ...examples(doc, "")];
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    let problems;
    try {
      problems = asked.document ? await document() : asked.webhook ? webhook(asked.webhook) : check(asked);
    } catch (error) {
      problems = [`checking failed: ${error.stack}`];
    }
    process.stdout.write(`${JSON.stringify(problems)}\n`);
  }
})();
