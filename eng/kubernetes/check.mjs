// node check.mjs FILE...: reads manifests, and checks each object against the published types of its kind: no field
// beyond them, none missing, none of another type. Prints {"documents": [...], "problems": ["file: ..."]} as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

const folder = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const documents = [], problems = [];
for (const file of process.argv.slice(2))
  for (const document of parseAllDocuments(readFileSync(file, "utf8"), { strict: true, uniqueKeys: true })) {
    for (const { message } of [...document.errors, ...document.warnings])
      problems.push(`${basename(file)}: ${message}`);
    documents.push({ file: basename(file), ...document.toJS() });
  }

// Kustomize's own file is no object of the cluster.
const objects = documents.filter(document => document.kind !== "Kustomization");
const packageOf = version =>
  (version.startsWith("keda.sh/") ? "@kubernetes-models/keda/" : "kubernetes-models/") + version;
const known = objects.filter(object => {
  try {
    require.resolve(`${packageOf(object.apiVersion)}/${object.kind}`);
    return true;
  } catch {
    problems.push(`${object.file}: there is no ${object.apiVersion} ${object.kind}.`);
    return false;
  }
});

// 1. The compiler refuses fields that a type does not have, in literals.
const source = known.map(({ file, ...object }, i) =>
  `import type { I${object.kind} as T${i} } from "${packageOf(object.apiVersion)}/${object.kind}";\n`
  + `export const o${i}: T${i} = ${JSON.stringify(object)};\n`);
const name = join(folder, "manifests.ts");
const options = { noEmit: true, strict: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 };
const host = ts.createCompilerHost(options);
const { fileExists, getSourceFile } = host;
host.fileExists = path => path === name || fileExists(path);
host.getSourceFile = (path, ...rest) =>
  path === name ? ts.createSourceFile(path, source.join(""), ts.ScriptTarget.ES2022) : getSourceFile(path, ...rest);
for (const problem of ts.getPreEmitDiagnostics(ts.createProgram([name], options, host))) {
  const line = problem.file?.fileName === name ? problem.file.getLineAndCharacterOfPosition(problem.start).line : -1;
  const { file, kind, metadata } = known[line >> 1] ?? {};
  problems.push(`${file} ${kind} ${metadata?.name}: ${ts.flattenDiagnosticMessageText(problem.messageText, " ")}`);
}

// 2. The schemas know enumerations, formats and ranges.
for (const { file, ...object } of known) {
  try {
    new (require(`${packageOf(object.apiVersion)}/${object.kind}`)[object.kind])(object).validate();
  } catch (problem) {
    problems.push(`${file} ${object.kind} ${object.metadata?.name}: ${problem.message}`);
  }
}
console.log(JSON.stringify({ documents, problems }));
