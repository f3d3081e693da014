// Checks real requests and responses against openapi.json, whose path is the first argument, and those of pages, which
// are no part of the API, against pages.json, the second. Reads one exchange per line, {method, path, status, request,
// response}, and writes one list of problems per line.
"use strict";
const fs = require("fs");
const readline = require("readline");
const Ajv = require("ajv/dist/2020");
const addFormats = require("ajv-formats");

const doc = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const pages = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
// What the document says of `error` in words only: generators do not read if and else, and Redocly misreads them.
doc.components.schemas.Artwork.allOf = [
  {
    if: { properties: { status: { const: "failed" } } },
    then: { required: ["error"] },
    else: { properties: { error: false } },
  },
];
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
          .reduce((at, step) => at[step.replaceAll("~1", "/").replaceAll("~0", "~")], { ...pages, ...doc }),
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

const paths = { ...pages.paths, ...doc.paths };
const templates = Object.keys(paths)
  .map(path => ({ path, pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, "[^/]+")}$`) }))
  .sort((a, b) => (a.path.match(/\{/g) || []).length - (b.path.match(/\{/g) || []).length);

function check({ method, path, status, request, response }) {
  const template = templates.find(entry => entry.pattern.test(path));
  const operation = template && paths[template.path][method.toLowerCase()];
  if (!operation)
    return status === 404 || status === 405
      ? schemaErrors({ $ref: "#/components/schemas/Error" }, JSON.parse(response.body || "null"), "body")
      : [`${method} ${path} answered ${status} and is not documented`];
  // Not 4XX, which the server answers to what no client sends.
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
    Object.entries(resolve(documented.headers) || {}).map(([name, header]) => [name.toLowerCase(), resolve(header)]),
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

// The document's own examples must be what it says: those of bodies and headers, and JSON Schema's lists of values.
function examples(node, at) {
  if (!node || typeof node !== "object") return [];
  const given = node.schema
    ? [
        ...Object.values(node.examples || {}).map(example => example.value),
        ...(node.example === undefined ? [] : [node.example]),
      ].flatMap(value => schemaErrors(node.schema, value, `example at ${at}`))
    : Array.isArray(node.examples)
      ? node.examples.flatMap(value => schemaErrors(node, value, `example at ${at}`))
      : [];
  return [...given, ...Object.entries(node).flatMap(([name, child]) => examples(child, `${at}/${name}`))];
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
