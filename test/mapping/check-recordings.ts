// What must be found in the runs of a recording, derived from its meta.json and from what the model server answers
// (spans/README.md). Written apart from the mapping: it knows runs and the programs, and no attribute of any library.
import type { KeyValues, RunContent } from "../../src/wire/run.js";

/** A run as this check sees it: what a user would open, and where it hangs. */
export interface CheckedRun {
  readonly spanName: string;
  readonly scope: string;
  readonly hasEnded: boolean;
  readonly run: RunContent;
  readonly children: readonly CheckedRun[];
}

export interface Scenario {
  readonly description?: string;
  readonly inputs?: unknown;
  readonly outputs?: unknown;
  readonly recorded: { readonly tree?: readonly MetaTree[]; readonly neverEnded?: readonly string[] };
}

interface MetaTree {
  readonly name: string;
  readonly children?: readonly MetaTree[];
}

interface Fact {
  readonly tokens: readonly [input: number, output: number];
  readonly cached?: number;
  readonly reasoning?: number;
  /** Texts, one of which the answer holds. */
  readonly texts?: readonly string[];
  /** Arguments of the calls that the answer makes. */
  readonly calls?: readonly string[];
}

const umbrella = "It is 18°C and cloudy in Paris, so you can leave the umbrella at home.";
const compared = "Paris is 18°C and cloudy; Berlin is 12°C with rain.";
const refused = "I can't help with that.";
const paris = '{"city":"Paris"}';

/** The model server's answers, by their token counts. */
const facts: readonly Fact[] = [
  { tokens: [82, 17], calls: [paris] },
  { tokens: [85, 31], calls: [paris, '{"city":"Berlin"}'] },
  { tokens: [84, 17], calls: ['{"city":"Atlantis"}'] },
  { tokens: [84, 9], calls: ['{"city": "Par'] },
  { tokens: [118, 24], cached: 64, reasoning: 8, texts: [umbrella] },
  { tokens: [149, 22], cached: 64, texts: [compared] },
  { tokens: [73, 21], texts: ['{"city":"Paris","temperature_c":18,"summary":"Mild and cloudy"}'] },
  { tokens: [25, 9], texts: ["The capital of France is Paris.", "Hello! I am a mock model.", "Paris.", refused] },
  { tokens: [25, 0], texts: [""] },
];

/** Libraries that count for themselves, or lose parts of an answer, as their recordings' descriptions say. */
const counts = {
  /** OpenLLMetry counts the tokens of a stream itself. */
  estimated: (folder: string, file: string) =>
    folder === "traceloop-openai" && /stream-(usage|after-parent-end)/.test(file),
  /** Mastra's model span tells the sum of its steps. */
  summed: (folder: string) => folder.startsWith("mastra-otel-bridge"),
};

/** OpenLLMetry's LangChain instrumentation, and Langfuse's joined stream, lose tool calls or run them together. */
function losesCalls(folder: string, file: string): boolean {
  return folder === "traceloop-langchain" || (folder === "langfuse" && file === "stream-tools");
}

export interface Found {
  readonly folder: string;
  readonly file: string;
  readonly scenario: Scenario;
  readonly roots: readonly CheckedRun[];
}

/** Everything that is wrong with the runs of a recording; empty where all that must be there is there. */
export function problemsOf(found: Found): string[] {
  const problems: string[] = [];
  const runs = flatten(found.roots);
  for (const checked of runs) problems.push(...shapeProblems(checked), ...answerProblems(checked, found));
  problems.push(...treeProblems(found), ...usageProblems(runs, found), ...errorProblems(runs, found));
  problems.push(...textProblems(runs, found), ...toolProblems(runs), ...endProblems(runs, found));
  return problems;
}

function flatten(runs: readonly CheckedRun[]): CheckedRun[] {
  return runs.flatMap((run) => [run, ...flatten(run.children)]);
}

/** What every run must keep to, whoever made it. */
function shapeProblems({ run, spanName }: CheckedRun): string[] {
  const problems: string[] = [];
  const say = (what: string) => problems.push(`${spanName}: ${what}`);
  const usage = run.extra.metadata["usage_metadata"];
  const isModel = run.run_type === "llm" || run.run_type === "embedding";
  if (usage !== undefined && !isModel) say("usage on a run that is no model call");
  if (run.outputs !== undefined && "usage_metadata" in run.outputs) say("usage in the outputs, and so twice");
  if (isObject(usage)) {
    const { input_tokens: input, output_tokens: output, total_tokens: total } = usage;
    if (typeof input !== "number" || typeof output !== "number" || total !== input + output)
      say("usage does not add up");
    if (sum(usage["input_token_details"]) > Number(input)) say("details exceed the input");
    if (sum(usage["output_token_details"]) > Number(output)) say("details exceed the output");
  }
  const text = JSON.stringify(run);
  if (run.run_type !== "llm") return problems;
  if (run.outputs !== undefined && !("choices" in run.outputs || "output" in run.outputs))
    say("outputs without choices");
  if (text.includes('"Buffer"')) say("bytes that are no data URI");
  const called = new Set<unknown>();
  for (const message of messagesOf(run)) {
    if (typeof message["role"] !== "string") say(`a message without a role: ${JSON.stringify(message)}`);
    const { content } = message;
    if (content !== null && typeof content !== "string" && !Array.isArray(content)) say("content of no known kind");
    for (const call of callsOf(message)) {
      if (typeof call.arguments !== "string") say("arguments that are no text");
      called.add(call.id);
    }
    if (message["role"] === "tool" && message["tool_call_id"] !== undefined && !called.has(message["tool_call_id"])) {
      if (called.size > 0 && !called.has(undefined))
        say(`a result of a call that was never made: ${String(message["tool_call_id"])}`);
    }
  }
  return problems;
}

/** A model run with usage must tell the answer that the server gave with that usage. */
function answerProblems({ run, spanName }: CheckedRun, { folder, file }: Found): string[] {
  const usage = run.extra.metadata["usage_metadata"];
  if (run.run_type !== "llm" || !isObject(usage) || counts.estimated(folder, file) || counts.summed(folder)) return [];
  const input = Number(usage["input_tokens"]);
  const created = Number(detail(usage, "input_token_details", "cache_creation") ?? 0);
  const fact = facts.find(({ tokens }) => tokens[0] + created === input && tokens[1] === usage["output_tokens"]);
  if (fact === undefined) return [`${spanName}: the server never counted ${JSON.stringify(usage)}`];
  const problems: string[] = [];
  const isManual = folder === "langfuse" && file === "manual-types";
  const cached = detail(usage, "input_token_details", "cache_read");
  if (!isManual && cached !== undefined && cached !== fact.cached)
    problems.push(`${spanName}: ${String(cached)} tokens from the cache`);
  const reasoning = detail(usage, "output_token_details", "reasoning");
  if (!isManual && reasoning !== undefined && reasoning !== fact.reasoning)
    problems.push(`${spanName}: ${String(reasoning)} tokens of reasoning`);
  if (run.outputs === undefined) return problems;
  const said = JSON.stringify(run.outputs);
  if (said.includes("__REDACTED__")) return problems;
  if (fact.texts !== undefined && !fact.texts.some((text) => said.includes(inJson(text)))) {
    problems.push(`${spanName}: the answer is missing: ${said.slice(0, 200)}`);
  }
  if (fact.calls !== undefined && !losesCalls(folder, file) && folder !== "langsmith-otel") {
    const made = messagesOf(run, "outputs")
      .flatMap(callsOf)
      .map((call) => withoutSpaces(call.arguments));
    for (const call of fact.calls)
      if (!made.includes(withoutSpaces(call))) problems.push(`${spanName}: no call ${call} in ${said.slice(0, 300)}`);
  }
  return problems;
}

/** The tree of spans that the description draws is the tree of runs. */
function treeProblems({ scenario, roots }: Found): string[] {
  const drawn = scenario.recorded.tree;
  if (drawn === undefined) return [];
  const ours = roots.map(drawing).sort();
  const theirs = drawn.map(drawing).sort();
  return ours.join("\n") === theirs.join("\n")
    ? []
    : [`the tree is another: ${ours.join(" ")} instead of ${theirs.join(" ")}`];
}

function drawing(node: MetaTree | CheckedRun): string {
  const name = "spanName" in node ? node.spanName : node.name;
  const below = (node.children ?? []).map(drawing).sort();
  return below.length === 0 ? name : `${name}(${below.join(",")})`;
}

/** The usage summed over a trace is what the server counted, where the program was told and the library noted it. */
function usageProblems(runs: readonly CheckedRun[], { folder, file, scenario, roots }: Found): string[] {
  if (counts.estimated(folder, file)) return [];
  const told = usageToldIn(scenario.outputs);
  if (told === undefined || usagesIn(runs).length === 0) return [];
  // A sub-agent's call inside a tool is not in what the program above was told.
  const inTools = /tool execute\(\) itself calls/.test(scenario.description ?? "") ? { input: 25, output: 9 } : none;
  const wanted = `${told.input + inTools.input}/${told.output + inTools.output}`;
  // Embeddings beside a chat: the program was told of the chat alone.
  const noted = total(usagesIn(told.output > 0 ? runs.filter(({ run }) => run.run_type === "llm") : runs));
  if (noted === wanted) return [];
  // Two libraries that saw one call in two traces: each trace adds up by itself.
  const isSeenTwice = new Set(roots.map((root) => root.scope)).size === roots.length && roots.length > 1;
  if (isSeenTwice && roots.every((root) => total(usagesIn(flatten([root]))) === wanted)) return [];
  return [`usage is ${noted} and not ${wanted}`];
}

const none = { input: 0, output: 0 };

function usagesIn(runs: readonly CheckedRun[]): KeyValues[] {
  return runs.map(({ run }) => run.extra.metadata["usage_metadata"]).filter(isObject);
}

function total(usages: readonly KeyValues[]): string {
  const input = usages.reduce((sum, usage) => sum + Number(usage["input_tokens"]), 0);
  const output = usages.reduce((sum, usage) => sum + Number(usage["output_tokens"]), 0);
  return `${input}/${output}`;
}

/** The sum of what a program was told: the whole call's total where there is one, else of all single usages. */
function usageToldIn(outputs: unknown): { input: number; output: number } | undefined {
  const whole = findKey(outputs, "totalUsage");
  const usages = whole === undefined ? collectUsages(outputs) : collectUsages(whole);
  if (usages.length === 0) return undefined;
  return usages.reduce((sum, usage) => ({ input: sum.input + usage.input, output: sum.output + usage.output }), {
    input: 0,
    output: 0,
  });
}

function collectUsages(value: unknown): { input: number; output: number }[] {
  if (Array.isArray(value)) return value.flatMap(collectUsages);
  if (!isObject(value)) return [];
  const input = value["prompt_tokens"] ?? value["input_tokens"] ?? value["inputTokens"];
  if (typeof input === "number") {
    const output = value["completion_tokens"] ?? value["output_tokens"] ?? value["outputTokens"] ?? 0;
    // Anthropic's API counts what the cache gave and took apart.
    const apart = Number(value["cache_read_input_tokens"] ?? 0) + Number(value["cache_creation_input_tokens"] ?? 0);
    return [{ input: input + apart, output: Number(output) }];
  }
  return Object.values(value).flatMap(collectUsages);
}

/** What the program caught stands on a run, unless the span that would have told it never ended. */
function errorProblems(runs: readonly CheckedRun[], { scenario, folder, file }: Found): string[] {
  // The second service only answered; its caller failed.
  if (runs.some((run) => !run.hasEnded) || file.endsWith(".serviceB")) return [];
  const error = isObject(scenario.outputs) ? scenario.outputs["error"] : undefined;
  const message = isObject(error) ? error["message"] : error;
  if (typeof message !== "string") return [];
  // The connection was cut, the application saw another error than the library noted: any will do.
  const wanted = /^\d{3} /.test(message) ? message.replace(/^\d{3} /, "").split("\n")[0] : message.split("\n")[0];
  const told = runs.flatMap(({ run }) => run.error ?? []);
  if (told.some((text) => text.includes(wanted ?? ""))) return [];
  // Anthropic's own span tells the type alone.
  if (folder === "anthropic-sdk-native" && told.length > 0) return [];
  return [`${file}: nobody tells the error ${message}; told are ${JSON.stringify(told)}`];
}

const scenarioOff = /content-off|hide|redact/;

/** The final text that the program got is the answer of a model run, where content was recorded at all. */
function textProblems(runs: readonly CheckedRun[], { scenario, file }: Found): string[] {
  if (scenarioOff.test(file)) return [];
  const answered = runs.filter(({ run, hasEnded }) => run.run_type === "llm" && hasEnded && run.outputs !== undefined);
  if (answered.length === 0) return [];
  const said = JSON.stringify(runs.map(({ run }) => run.outputs));
  const texts = [umbrella, compared].filter((text) => JSON.stringify(scenario.outputs ?? null).includes(inJson(text)));
  return texts.flatMap((text) =>
    said.includes(inJson(text)) ? [] : [`the program got "${text}", and no run tells it`],
  );
}

/** A tool run that ended well tells the weather (or the sub-agent's answer), and is joined to its call. */
function toolProblems(runs: readonly CheckedRun[]): string[] {
  const ids = new Set(runs.flatMap(({ run }) => messagesOf(run, "outputs").flatMap(callsOf)).map((call) => call.id));
  return runs.flatMap(({ run, spanName }) => {
    if (run.run_type !== "tool") return [];
    const id = run.extra.metadata["tool_call_id"];
    if (typeof id !== "string" || ids.size === 0 || ids.has(undefined) || ids.has(id)) return [];
    return [`${spanName}: answers ${id}, which nobody called`];
  });
}

/** What never ended, by the description, has no outputs that it cannot have. */
function endProblems(runs: readonly CheckedRun[], { scenario }: Found): string[] {
  const open = runs.filter((run) => !run.hasEnded).map((run) => run.spanName);
  const wanted = scenario.recorded.neverEnded ?? [];
  const isSame = [...open].sort().join() === [...wanted].sort().join();
  return isSame ? [] : [`never ended: ${open.join()} instead of ${wanted.join()}`];
}

function messagesOf(run: RunContent, side: "both" | "outputs" = "both"): KeyValues[] {
  const asked = side === "both" ? run.inputs?.["messages"] : undefined;
  const choices = run.outputs?.["choices"];
  const answered = Array.isArray(choices)
    ? choices.map((choice) => (isObject(choice) ? choice["message"] : choice))
    : [];
  return [...(Array.isArray(asked) ? asked : []), ...answered].filter(isObject);
}

function callsOf(message: KeyValues): { id: unknown; arguments: unknown }[] {
  const calls = message["tool_calls"];
  if (!Array.isArray(calls)) return [];
  return calls.filter(isObject).map((call) => ({
    id: call["id"],
    arguments: isObject(call["function"]) ? call["function"]["arguments"] : undefined,
  }));
}

function detail(usage: KeyValues, details: string, name: string): unknown {
  const found = usage[details];
  return isObject(found) ? found[name] : undefined;
}

function sum(value: unknown): number {
  return isObject(value) ? Object.values(value).reduce((total: number, count) => total + Number(count), 0) : 0;
}

function findKey(value: unknown, key: string): unknown {
  if (!isObject(value)) return undefined;
  return (
    value[key] ??
    Object.values(value)
      .map((inner) => findKey(inner, key))
      .find((inner) => inner !== undefined)
  );
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function withoutSpaces(text: unknown): string {
  return String(text).replaceAll(" ", "");
}

function isObject(value: unknown): value is KeyValues {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
