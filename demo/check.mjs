// What the demo's trace must be, and what is wrong with it where it is not. The demo fails by this.
import { serviceOf, treesOf, usageOf } from "./trace.mjs";

/**
 * @typedef {import("./trace.mjs").TracedRun} TracedRun
 * @typedef {import("./trace.mjs").Node} Node
 */

/**
 * The tree, one line a run: its type and the service that made it. Two forecasts, since the agent compares two cities.
 * The AI SDK starts its tools while it reads the model's stream. Which span is the active one there is a matter of how
 * Node carries context through streams: the agent's to Node 22, the model call's from Node 24 on. Either is right.
 */
export const expectedOutlines = [
  `
chain concierge
  chain concierge
    embedding concierge
  chain concierge
    llm concierge
    tool concierge
      chain weather
        llm weather
    tool concierge
      chain weather
        llm weather
    llm concierge
`,
  `
chain concierge
  chain concierge
    embedding concierge
  chain concierge
    llm concierge
      tool concierge
        chain weather
          llm weather
      tool concierge
        chain weather
          llm weather
    llm concierge
`,
].map((outline) => outline.trim());

/** What the demo may take from its first process to its tree, not counting a build: nobody waits for longer. */
export const limitMillis = 60_000;

/** @param {number} millis  What it took. @returns {string[]} A sentence when that is too long. */
export function problemsOfTime(millis) {
  if (millis < limitMillis) return [];
  return [`The demo took ${inSeconds(millis)}, and must take less than ${inSeconds(limitMillis)}.`];
}

/** @param {number} millis */
export function inSeconds(millis) {
  return `${Number((millis / 1000).toFixed(1))} s`;
}

/**
 * @param {TracedRun[]} runs  Every run of the demo's project.
 * @param {{ input: number, output: number }} spent  The tokens that the model server says it used.
 * @returns {string[]} A sentence for each thing that is wrong.
 */
export function problemsOf(runs, spent) {
  if (runs.length === 0) return ["No run arrived."];
  const problems = [];
  const roots = treesOf(runs);
  if (roots.length !== 1) {
    problems.push(`There are ${roots.length} trees, not one: ${roots.map(({ run }) => run.name).join(", ")}.`);
  }
  const ids = new Set(runs.map((run) => run.id));
  for (const run of runs) {
    const named = `The run "${run.name}" (${run.id})`;
    if (run.parent_run_id && !ids.has(run.parent_run_id))
      problems.push(`${named} hangs under a run that is not there.`);
    if (run.trace_id !== roots[0]?.run.id) problems.push(`${named} is of another trace, ${run.trace_id}.`);
    if (run.status !== "success") problems.push(`${named} is ${run.status}${run.error ? `: ${run.error}` : ""}.`);
  }
  const outline = roots.map((root) => outlineOf(root)).join("\n");
  if (!expectedOutlines.includes(outline)) {
    problems.push(`The tree is\n${outline}\nand should be\n${expectedOutlines.join("\nor\n")}`);
  }
  const counted = { input: 0, output: 0 };
  for (const run of runs) {
    counted.input += usageOf(run).input;
    counted.output += usageOf(run).output;
  }
  if (counted.input !== spent.input || counted.output !== spent.output) {
    const said = `${counted.input} in and ${counted.output} out`;
    problems.push(`The runs say ${said} tokens; the model used ${spent.input} in and ${spent.output} out.`);
  }
  const summed = roots[0]?.run.total_tokens;
  if (summed !== spent.input + spent.output) {
    problems.push(`The server sums the tree up to ${summed} tokens; the model used ${spent.input + spent.output}.`);
  }
  return problems;
}

/** @param {Node} node @returns {string} */
export function outlineOf(node, depth = 0) {
  const line = `${"  ".repeat(depth)}${node.run.run_type} ${serviceOf(node.run)}`;
  return [line, ...node.children.map((child) => outlineOf(child, depth + 1))].join("\n");
}
