// Prints a trace as a tree in the terminal: name, type, service, duration and tokens of every run.
import { serviceOf, usageOf } from "./trace.mjs";

/** @typedef {import("./trace.mjs").Node} Node */

/**
 * @param {Node} root
 * @param {boolean} inColour
 */
export function printedTree(root, inColour) {
  const rows = rowsOf(root, "", "");
  const width = Math.max(...rows.map((row) => row.label.length));
  const paint = inColour
    ? (/** @type {number} */ code, /** @type {string} */ text) => `\x1b[${code}m${text}\x1b[0m`
    : plain;
  return rows
    .map(({ label, run, tokens }) => {
      const service = serviceOf(run);
      const columns = [
        label.padEnd(width),
        paint(colourOf(run.run_type), run.run_type.padEnd(9)),
        service.padEnd(9),
        durationOf(run).padStart(8),
        tokens,
      ];
      return columns.join("  ").trimEnd();
    })
    .join("\n");
}

/** @param {Node} node @param {string} lead @param {string} below @returns {{ label: string, run: import("./trace.mjs").TracedRun, tokens: string }[]} */
function rowsOf(node, lead, below) {
  const own = { label: lead + node.run.name, run: node.run, tokens: tokensOf(node) };
  const children = node.children.flatMap((child, at) => {
    const isLast = at === node.children.length - 1;
    return rowsOf(child, `${below}${isLast ? "└─ " : "├─ "}`, `${below}${isLast ? "   " : "│  "}`);
  });
  return [own, ...children];
}

/** A model run's own tokens; the sum of a whole tree for its root. @param {Node} node */
function tokensOf(node) {
  const { input, output } = node.run.parent_run_id ? usageOf(node.run) : sumOf(node);
  return input + output === 0 ? "" : `${input} → ${output} tokens`;
}

/** @param {Node} node @returns {{ input: number, output: number }} */
function sumOf(node) {
  return node.children
    .map(sumOf)
    .reduce((a, b) => ({ input: a.input + b.input, output: a.output + b.output }), usageOf(node.run));
}

/** @param {import("./trace.mjs").TracedRun} run */
function durationOf({ start_time, end_time }) {
  if (!end_time) return "pending";
  const millis = instant(end_time) - instant(start_time);
  return millis >= 1000 ? `${(millis / 1000).toFixed(2)} s` : `${Math.round(millis)} ms`;
}

/** LangSmith's times are UTC, and it leaves the zone out when it reads them back. @param {string} time */
function instant(time) {
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/u.test(time) ? time : `${time}Z`);
}

/** @param {string} runType */
function colourOf(runType) {
  if (runType === "llm" || runType === "embedding") return 35;
  return runType === "tool" ? 33 : 36;
}

/** @param {number} _code @param {string} text */
function plain(_code, text) {
  return text;
}
