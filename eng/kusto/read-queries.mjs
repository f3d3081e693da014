// Reads {"tables": {"AppMetrics": "(Name: string, …)"}, "queries": ["…"]} from standard input, and writes what each
// query names: {"diagnostics", "tables", "columns", "used", "metrics", "keys", "values"}. Kusto.Language is a script
// for browsers, which puts its names into the global object.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const folder = new URL("node_modules/@kusto/language-service-next/", import.meta.url);
for (const name of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  runInThisContext(readFileSync(new URL(name, folder), "utf8"), name);
}
const { GlobalState, KustoCode, Symbols, Syntax } = globalThis.Kusto.Language;
const { System } = globalThis;

const input = JSON.parse(readFileSync(0, "utf8"));
const tables = Object.entries(input.tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, null));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("workspace", tables));

const all = list => Array.from({ length: list.Count }, (_, index) => list.getItem(index));
const kind = node => System.Enum.toString(Syntax.SyntaxKind, node.Kind);
const text = node => node.ToString().trim();
const isColumn = node => node.ReferencedSymbol instanceof Symbols.ColumnSymbol;
const isTable = node => node.ReferencedSymbol instanceof Symbols.TableSymbol;

function read(query) {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const nodes = all(code.Syntax.GetDescendants(Syntax.SyntaxNode));
  const of = wanted => nodes.filter(node => kind(node) === wanted);
  const key = node => text(node).match(/^(?:tostring\()?Properties\.([A-Za-z_.]+)\)?$/)?.[1];

  // status = tostring(Properties.status): the alias stands for the key afterwards.
  const aliases = new Map(of("SimpleNamedExpression").map(node => [text(node.Name), key(node.Expression)]));
  const metrics = [], values = [];
  for (const equal of [...of("EqualExpression"), ...of("NotEqualExpression")]) {
    const [name, literal] = kind(equal.Right) === "StringLiteralExpression" ? [equal.Left, equal.Right]
      : [equal.Right, equal.Left];
    if (kind(literal) !== "StringLiteralExpression") continue;
    if (text(name) === "Name") metrics.push(literal.LiteralValue);
    else values.push([key(name) ?? aliases.get(text(name)) ?? text(name), literal.LiteralValue]);
  }
  const result = code.ResultType;
  return {
    diagnostics: all(code.GetDiagnostics()).map(it => `${it.Severity}: ${it.Message}`),
    tables: of("NameReference").filter(isTable).map(text),
    used: [...new Set(of("NameReference").filter(isColumn).map(text))],
    metrics,
    keys: [...new Set(of("PathExpression").map(key))],
    values,
    columns: Object.fromEntries(all(result?.Columns ?? { Count: 0 }).map(column => [column.Name, column.Type.Name])),
  };
}

process.stdout.write(JSON.stringify(input.queries.map(read)));
