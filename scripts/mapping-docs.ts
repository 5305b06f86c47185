// Writes docs/mapping.md from the vocabularies' tables, and the table in docs/libraries.md from the recordings. Run: npm run docs:mapping
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defaultVocabularies, type Rule, type Vocabulary } from "../src/mapping/index.js";
import { librariesTable } from "./mapping-libraries.js";

/** What each field becomes in the run, in the order of the page. */
const targets: Readonly<Record<string, string>> = {
  run_type: "`run_type`",
  name: "`name`",
  agent: "`metadata.ls_agent_type`: `root`, or `subagent` inside another agent",
  integration: "`metadata.ls_integration`",
  provider: "`metadata.ls_provider`",
  model: "`metadata.ls_model_name`",
  requested_model: "`invocation_params.model`; `metadata.ls_model_name` where no answering model is named",
  input_messages: "`inputs.messages`",
  system: "the first of `inputs.messages`",
  output_messages: "`outputs.choices` (llm), `outputs.messages`",
  output_text: "the answer's text",
  output_reasoning: "the answer's reasoning",
  output_tool_calls: "the answer's `tool_calls`",
  output_object: "the answer's text, or a chain's `outputs`",
  output_files: "the answer's files",
  finish_reason: "`outputs.choices[].finish_reason`",
  inputs: "`inputs`",
  outputs: "`outputs`",
  whole_inputs: "`inputs`, as they are",
  whole_outputs: "`outputs`, as they are; usage in them to the metadata",
  input: "a part of `inputs`",
  output: "a part of `outputs`",
  tool_name: "`name` of a tool run",
  tool_call_id: "`metadata.tool_call_id`",
  tool_arguments: "`inputs` of a tool run",
  tool_result: "`outputs` of a tool run",
  query: "`inputs.query`",
  documents: "`outputs.documents`",
  texts: "`inputs.input` of an embedding; a reranker's `inputs.documents`",
  vectors: "`outputs.count` and `.dimensions`; the vectors with `mapping: { withVectors: true }`",
  dimensions: "`outputs.dimensions` of an embedding",
  tools: "`invocation_params.tools`",
  params: "`invocation_params`",
  param: "`invocation_params`",
  usage: "`usage_metadata`",
  "usage.input_tokens": "`usage_metadata.input_tokens`",
  "usage.output_tokens": "`usage_metadata.output_tokens`",
  "usage.total_tokens": "`usage_metadata.total_tokens`, where the parts are missing",
  "usage.cache_read": "`usage_metadata.input_token_details.cache_read`",
  "usage.cache_creation": "`usage_metadata.input_token_details.cache_creation`",
  "usage.reasoning": "`usage_metadata.output_token_details.reasoning`",
  "usage.input_details": "`usage_metadata.input_token_details`",
  "usage.output_details": "`usage_metadata.output_token_details`",
  "usage.input_cost": "`usage_metadata.input_cost`",
  "usage.output_cost": "`usage_metadata.output_cost`",
  "usage.total_cost": "`usage_metadata.total_cost`",
  first_token: "an event `new_token`",
  error_type: "`error`: the type",
  error_message: "`error`: the message",
  error_level: "`error`",
  attachments: "`attachments`",
  thread_id: "`metadata.thread_id`",
  user_id: "`metadata.user_id`",
  tags: "`tags`",
  metadata: "`metadata`",
  project_name: "the project, by name",
  project_id: "the project, by id",
  example_id: "`reference_example_id`",
  drop: "not sent",
};

const introduction = `# From attributes to runs

This page is generated from the tables in \`src/mapping/vocabularies/\` by \`npm run docs:mapping\`; a test fails when it is stale.

Every span is read by all vocabularies below, in this order, the most specific first. The first to supply a field wins. An attribute that no table names goes to the run's metadata under its own key, and so does one that says something else than the winner; nothing is lost, and nothing is sent twice. Broken JSON stays a string.

What holds for all of them:

- **Type**: what a table says; else \`tool\` where a tool is named, \`llm\` (\`embedding\`) where a model stands beside messages or usage, or alone on a CLIENT span, unless the span wraps a model call; else \`chain\`.
- **Messages** of model calls take OpenAI's form: \`inputs.messages\`, \`outputs.choices\`. System instructions come first; tool calls have their arguments as a JSON string, and their results carry the call's id. Where a whole request or response stands beside a flattened list of messages, the one that says more is taken, unless the list was redacted.
- **Usage** stands on llm and embedding runs only, in \`metadata.usage_metadata\`. \`input_tokens\` holds cached tokens too: where a library leaves them out (known by its name, by a total that says so, or by details that exceed the total), they are added. On other runs the counts are plain metadata under their own keys.
- **One call, two spans**: of two model runs, one inside the other with no tool, agent or retriever between, the one with the messages stays the call; the other becomes a chain.
- **Errors**: \`Type: message\`, then the stack, once where it happened; runs above show it as a status, without the stack.
- **Embeddings** tell the model, the number of vectors and their length.
- **Always in the metadata**: \`OTEL_TRACE_ID\`, \`OTEL_SPAN_ID\`, \`otel.scope.name\` and \`.version\`, \`otel.span.kind\` where it is not INTERNAL, \`otel.links\`, \`service.name\`, \`service.version\`, \`deployment.environment.name\`, and counts of what OpenTelemetry dropped.

A vocabulary of your own goes before these:

\`\`\`ts
import { defaultVocabularies, LangSmithSpanProcessor, type Vocabulary } from "otel-langsmith";

const acme: Vocabulary = {
  name: "acme",
  markers: ["acme.model"],
  rules: [
    { keys: ["acme.kind"], to: "run_type", as: (kind) => (kind === "completion" ? "llm" : undefined) },
    { keys: ["acme.model"], to: "model" },
    { keys: ["acme.prompt"], to: "inputs" },
    { keys: ["acme.answer"], to: "outputs" },
    { keys: ["acme.tokens.in"], to: "usage.input_tokens" },
    { keys: ["acme.tokens.out"], to: "usage.output_tokens" },
    { prefix: "acme.label.", to: "metadata" },
  ],
};

new LangSmithSpanProcessor({ mapping: { vocabularies: [acme, ...defaultVocabularies] } });
\`\`\`
`;

/** The whole page. */
export function mappingPage(): string {
  return `${[introduction, ...defaultVocabularies.map(section)].join("\n").trimEnd()}\n`;
}

function section(vocabulary: Vocabulary): string {
  const { name, about, rules, events, scopes, markers, integration } = vocabulary;
  const lines = [`## ${name}`, ""];
  if (about !== undefined) lines.push(about, "");
  if (integration !== false) lines.push(`\`metadata.ls_integration\`: \`${integration ?? name}\`.`, "");
  if (scopes !== undefined) lines.push(`Scopes whose spans are all GenAI: ${list(scopes)}.`, "");
  if (markers !== undefined) lines.push(`Keys that mark a GenAI span: ${list(markers)}.`, "");
  lines.push("| attribute | becomes |", "| --- | --- |", ...rules.map(row));
  if (events !== undefined) lines.push("", `Span events and log records read as content: ${list(events)}.`);
  return `${lines.join("\n")}\n`;
}

function row(rule: Rule): string {
  const prefix = rule.prefix === undefined ? [] : [`${rule.prefix}${rule.flattened ? "N.…" : "*"}${rule.suffix ?? ""}`];
  const target = targets[rule.to];
  if (target === undefined) throw new Error(`scripts/mapping-docs.ts does not say what ${rule.to} becomes`);
  const name = rule.name === undefined ? "" : ` as \`${rule.name}\``;
  const note = rule.note === undefined ? "" : `: ${rule.note}`;
  return `| ${list([...(rule.keys ?? []), ...prefix])} | ${target}${name}${note.replaceAll("|", "\\|")} |`;
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

/** `docs/libraries.md` with its table as the recordings give it. */
export function librariesPage(before: string): string {
  const [head, rest] = before.split(start);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined) throw new Error(`docs/libraries.md has no ${start} … ${end}`);
  return `${head}${start}\n${librariesTable()}\n${end}${tail}`;
}

const start = "<!-- what each library fills: written by npm run docs:mapping -->";
const end = "<!-- end -->";

function write(url: URL, page: (before: string) => string): void {
  const path = fileURLToPath(url);
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  const now = page(before);
  if (before !== now) writeFileSync(path, now);
  console.log(`${path.slice(path.lastIndexOf("docs"))} ${before === now ? "is up to date" : "is written"}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  write(new URL("../docs/mapping.md", import.meta.url), mappingPage);
  write(new URL("../docs/libraries.md", import.meta.url), librariesPage);
}
