// Writes what is made of the table of options: the types in src/options/given.ts, and the tables in docs/options.md.
// Run: npm run docs:options
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { OPTIONS, OTHER_VARIABLES, PROPAGATOR_OPTIONS, REPLICA_OPTIONS, type Row } from "../src/options/table.js";

type Rows = readonly (readonly [string, Row])[];
const rows: Rows = Object.entries(OPTIONS);
const replicaRows: Rows = Object.entries(REPLICA_OPTIONS);

const MIB = 1_048_576;
const HOUR = 3_600_000;
const MINUTE = 60_000;

/** A default as one says it. */
function defaultOf(row: Row, name: string): string | undefined {
  if (row.unset !== undefined) return row.unset;
  const value = row.default;
  if (typeof value !== "number")
    return value === undefined ? undefined : `\`${JSON.stringify(value).replace(/^"(https.*)"$/, "$1")}\``;
  if (/Bytes$/.test(name) && value >= MIB) return `${value / MIB} MiB`;
  if (/Millis$/.test(name) && value >= HOUR) return value === HOUR ? "1 hour" : `${value / HOUR} hours`;
  if (/Millis$/.test(name) && value > MINUTE) return `${value / MINUTE} minutes`;
  return value.toLocaleString("en-US");
}

/** The older names are named once for all, above the table. */
function variablesOf({ variables = [] }: Row): string {
  return variables
    .filter((name) => name.startsWith("LANGSMITH_") && name !== "LANGSMITH_SESSION")
    .map((name) => `\`${name}\``)
    .join(", ");
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** The tables of docs/options.md. */
export function optionsTables(): string {
  const head = (...names: string[]) => [line(names), line(names.map(() => "---"))];
  const full = (some: Rows) => [
    ...head("option", "takes", "variable", "default", "what it does"),
    ...some.map(([name, row]) =>
      line([`\`${name}\``, row.kind.takes, variablesOf(row), defaultOf(row, name) ?? "", row.doc]),
    ),
  ];
  return [
    ...full(rows),
    "",
    "An entry of `replicas`:",
    "",
    ...head("option", "takes", "default", "what it does"),
    ...replicaRows.map(([name, row]) => line([`\`${name}\``, row.kind.takes, defaultOf(row, name) ?? "", row.doc])),
    "",
    "Of `LangSmithPropagator`:",
    "",
    ...full(Object.entries(PROPAGATOR_OPTIONS)),
    "",
    "Variables beside these:",
    "",
    ...head("variable", "what it does"),
    ...Object.entries(OTHER_VARIABLES).map(([name, doc]) => line([`\`${name}\``, doc])),
  ].join("\n");
}

const START = "<!-- Made of src/options/table.ts by `npm run docs:options`. -->\n\n";
const END = "\n\n<!-- To here. -->";

/** The page with the tables in their place. */
export function optionsPage(page: string): string {
  const [before, rest = ""] = page.split(START);
  const [, after = ""] = rest.split(END);
  return `${before}${START}${optionsTables()}${END}${after}`;
}

/** The comment above an option. */
function docOf(name: string, row: Row): string {
  const variables = variablesOf(row).replaceAll(", ", " or ");
  const value = defaultOf(row, name)?.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  const told = [variables, value].filter(Boolean).join(", else ");
  const text = `${row.doc}${told === "" ? "" : ` Default: ${told}.`}`;
  return text.length < 100 ? `/** ${text} */` : `/**\n${wrapped(text)}\n*/`;
}

function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < 110) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => ` * ${line}`).join("\n");
}

function fields(some: Rows, groups: (name: string) => Rows): string[] {
  const seen = new Set<string>();
  return some.flatMap(([name, row]) => {
    const [group = "", inner] = name.split(".");
    if (inner === undefined) return [docOf(name, row), `readonly ${name}?: ${typeIn(row)};`];
    if (seen.has(group)) return [];
    seen.add(group);
    return [
      `readonly ${group}?: {`,
      ...groups(group).flatMap(([full, one]) => [
        docOf(full, one),
        `readonly ${full.slice(group.length + 1)}${one.isRequired ? "" : "?"}: ${typeIn(one)};`,
      ]),
      "};",
    ];
  });
}

function typeIn({ kind }: Row): string {
  return kind.type;
}

/** src/options/given.ts, before it is formatted. */
export function optionTypes(): string {
  const inGroup = (group: string) => rows.filter(([name]) => name.startsWith(`${group}.`));
  return `// What a user may give. Made of table.ts by \`npm run docs:options\`: change it there.
import type { MeterProvider } from "@opentelemetry/api";
import type { Dispatcher } from "undici";
import type { Vocabulary } from "../mapping/index.js";
import type { MappableSpan } from "../mapping/span.js";
import type { KeyValues, Run } from "../wire/run.js";
import type { HideOption, SpansOption } from "./functions.js";
import type { Loss } from "./loss.js";

/** Where runs go besides the primary destination. */
export interface ReplicaOptions {
${fields(replicaRows, () => []).join("\n")}
}

/** Options of the processor and the exporter. An option beats the environment. */
export interface LangSmithOptions {
${fields(rows, inGroup).join("\n")}
}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = new URL("../docs/options.md", import.meta.url);
  writeFileSync(page, optionsPage(readFileSync(page, "utf8")));
  writeFileSync(new URL("../src/options/given.ts", import.meta.url), optionTypes());
}
