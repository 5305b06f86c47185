// Which fields of a run each recorded library fills, counted over its recordings: the table in docs/libraries.md.
import type { RunContent } from "../src/wire/run.js";
import { instrumentations, loadRecording, recordingFiles } from "../test/fixtures/load.js";
import { type MappedNode, mapRecording } from "../test/mapping/tree.js";

const columns: readonly [title: string, of: (run: RunContent) => boolean, fills: (run: RunContent) => boolean][] = [
  ["messages in", isLlm, (run) => Array.isArray(run.inputs?.["messages"])],
  ["answer", (run) => isLlm(run) && run.error === undefined, (run) => run.outputs !== undefined],
  [
    "usage",
    (run) => isLlm(run) && run.error === undefined,
    (run) => run.extra.metadata["usage_metadata"] !== undefined,
  ],
  ["cached tokens", (run) => isLlm(run) && inputTokens(run) >= 118, (run) => hasDetails(run, "input_token_details")],
  ["tools offered", isLlm, (run) => run.extra.invocation_params?.["tools"] !== undefined],
  ["first token", isLlm, (run) => run.events?.some((event) => event.name === "new_token") === true],
  ["tool inputs", isTool, (run) => run.inputs !== undefined],
  ["tool outputs", (run) => isTool(run) && run.error === undefined, (run) => run.outputs !== undefined],
  ["documents", (run) => run.run_type === "retriever", (run) => Array.isArray(run.outputs?.["documents"])],
  ["embedded texts", (run) => run.run_type === "embedding", (run) => run.inputs !== undefined],
  [
    "embedding usage",
    (run) => run.run_type === "embedding" && run.error === undefined,
    (run) => run.extra.metadata["usage_metadata"] !== undefined,
  ],
  ["thread", (run) => run.error === undefined, (run) => run.extra.metadata["thread_id"] !== undefined],
];

function isLlm(run: RunContent): boolean {
  return run.run_type === "llm";
}

function isTool(run: RunContent): boolean {
  return run.run_type === "tool";
}

function inputTokens(run: RunContent): number {
  const usage = run.extra.metadata["usage_metadata"];
  return typeof usage === "object" && usage !== null && "input_tokens" in usage ? Number(usage.input_tokens) : 0;
}

function hasDetails(run: RunContent, details: string): boolean {
  const usage = run.extra.metadata["usage_metadata"];
  return typeof usage === "object" && usage !== null && details in usage;
}

/** Scenarios in which content was switched off say nothing of what a library fills. */
const isOff = /content-off|hide|masked|no-io|redact/;

/** The table, as Markdown: yes, some (so many of so many), no, or – where no recording could have shown it. */
export function librariesTable(): string {
  const rows = [...instrumentations()].map(([library, folders]) => {
    const nodes = folders
      .flatMap((folder) => recordingFiles(folder).map((file) => [folder, file] as const))
      .filter(([, file]) => !isOff.test(file))
      .flatMap(([folder, file]) => mapRecording(loadRecording(folder, file)))
      .filter((node: MappedNode) => node.span.ended);
    const cells = columns.map(([, of, fills]) => {
      const runs = nodes.map((node) => node.mapped.content).filter(of);
      const filled = runs.filter(fills).length;
      if (runs.length === 0) return "–";
      return filled === runs.length ? "yes" : filled === 0 ? "no" : `${filled} of ${runs.length}`;
    });
    return `| \`${library}\` | ${cells.join(" | ")} |`;
  });
  const head = `| recorded as | ${columns.map(([title]) => title).join(" | ")} |`;
  return [head, `| --- |${" --- |".repeat(columns.length)}`, ...rows].join("\n");
}
