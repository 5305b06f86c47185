// The fault suite in its long form: prints a table, and fails when a row is not as it must be.
import { CASES, LONG, type Row, SHORT } from "./cases.js";

const [, , only, form] = process.argv;
const scale = form === "short" ? SHORT : LONG;
const rows: Row[] = [];
for (const fault of CASES) {
  if (only && only !== "all" && !fault.name.includes(only)) continue;
  process.stderr.write(`${fault.name} … `);
  const row = await fault.run(scale);
  rows.push(row);
  process.stderr.write(`${row.faults.length === 0 ? "as promised" : row.faults.join("; ")} (${row.seconds} s)\n`);
}

const columns: [string, (row: Row) => string | number][] = [
  ["fault", (row) => row.name],
  ["runs", (row) => row.runs.toLocaleString("en")],
  ["received", (row) => row.received.toLocaleString("en")],
  ["repeated", (row) => row.repeated.toLocaleString("en")],
  ["lost", (row) => row.lost.toLocaleString("en")],
  ["may be lost", (row) => row.allowed],
  ["peak memory", (row) => `${row.peakMegabytes} MB`],
  ["seconds", (row) => row.seconds],
];
console.log(`| ${columns.map(([title]) => title).join(" | ")} |`);
console.log(
  `| ${columns.map(([title]) => (title === "fault" || title === "may be lost" ? "---" : "---:")).join(" | ")} |`,
);
for (const row of rows) console.log(`| ${columns.map(([, cell]) => cell(row)).join(" | ")} |`);
const failed = rows.filter((row) => row.faults.length > 0);
console.log(`\n${rows.length - failed.length} passed, ${failed.length} failed`);
for (const row of failed) console.log(`${row.name}: ${row.faults.join("; ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;
