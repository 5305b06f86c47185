// Writes the tables of docs/design.md, rooms (rooms.json) and entries (entries.json), for: npm run docs:design
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string) => readFileSync(root + path, "utf8");

/** Each table with the heading that it stands under. */
export function tablesOfDesign(): { heading: string; rows: string[] }[] {
  return [
    { heading: "Who may import whom", rows: roomsTable(JSON.parse(read("rooms.json"))) },
    { heading: "Entries", rows: entriesTable(JSON.parse(read("entries.json"))) },
  ];
}

/** A row a room, as the design shows it. */
function roomsTable(matrix: Readonly<Record<string, readonly string[]>>): string[] {
  const rows = Object.entries(matrix).map(([room, others]) => `| \`${room}\` | ${quoted(others)} |`);
  return ["| room | imports |", "| --- | --- |", ...rows];
}

/** The import path of an entry. */
function specifierOf(entry: string): string {
  return entry === "index" ? "otel-langsmith" : `otel-langsmith/${entry}`;
}

/** A row an entry: its functions, classes and values, as the design shows them. */
function entriesTable(entries: Readonly<Record<string, string>>): string[] {
  const { config } = ts.parseConfigFileTextToJson("tsconfig.json", read("tsconfig.json"));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const sources = Object.values(entries).map((source) => root + source);
  const program = ts.createProgram(sources, { ...options, noEmit: true });
  const rows = Object.entries(entries).map(
    ([entry, source]) => `| \`${specifierOf(entry)}\` | ${quoted(valuesOf(program, root + source))} |`,
  );
  return ["| entry | what stands there, besides types |", "| --- | --- |", ...rows];
}

function valuesOf(program: ts.Program, source: string): string[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(source);
  const module = file && checker.getSymbolAtLocation(file);
  const exported = module ? checker.getExportsOfModule(module) : [];
  const values = exported.filter((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const isType = symbol.declarations?.some((one) => ts.isExportSpecifier(one) && ts.isTypeOnlyExportDeclaration(one));
    return (target.flags & ts.SymbolFlags.Value) !== 0 && isType !== true;
  });
  return values.map(({ name }) => name).sort();
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(" ") || "nothing";
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  let design = read("docs/design.md");
  for (const { heading, rows } of tablesOfDesign()) {
    const [before, rest = ""] = design.split(`### ${heading}\n`);
    const table = rest.slice(rest.indexOf("\n| ") + 1);
    const end = table.indexOf("\n\n");
    design = [before, `### ${heading}\n`, rest.slice(0, -table.length), rows.join("\n"), table.slice(end)].join("");
  }
  writeFileSync(`${root}docs/design.md`, design);
}
