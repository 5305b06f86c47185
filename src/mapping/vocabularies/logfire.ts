// Pydantic Logfire: messages a person reads, and JSON attributes that a schema names.
import { decode, isObject } from "../json.js";
import type { MappableSpan } from "../span.js";
import type { Fill, Vocabulary } from "../vocabulary.js";

function isLogfires(span: MappableSpan): boolean {
  return span.attributes["logfire.msg"] !== undefined || /^(logfire|pydantic-ai)/.test(span.scope.name);
}

function isAgentRun(span: MappableSpan): boolean {
  return isLogfires(span) && /^(agent run|invoke_agent)/.test(span.name);
}

/** A list of GenAI events as JSON: what was asked, and the choices. */
function splitEvents(value: unknown, isAnswer: boolean): unknown {
  const events = decode(value);
  if (!Array.isArray(events)) return undefined;
  const kept = events.filter((event) => isObject(event) && (event["event.name"] === "gen_ai.choice") === isAnswer);
  return kept.length === 0 ? undefined : kept;
}

const eventKeys = ["events", "all_messages_events", "pydantic_ai.all_messages"];

function readLogfire(span: MappableSpan, fill: Fill): void {
  if (!isLogfires(span)) return;
  for (const key of eventKeys) {
    const value = span.attributes[key];
    const asked = splitEvents(value, false);
    const answered = splitEvents(value, true);
    fill("input_messages", asked, { entries: [[key, asked]] });
    fill("output_messages", answered, { entries: [[`${key}.choices`, answered]] });
  }
  const response = decode(span.attributes["response_data"]);
  if (isObject(response)) fill("output_text", response["combined_chunk_content"]);
  const schema = decode(span.attributes["logfire.json_schema"]);
  const properties = isObject(schema) ? schema["properties"] : undefined;
  if (!isObject(properties)) return;
  for (const key of Object.keys(properties)) {
    const type = isObject(properties[key]) ? properties[key]["type"] : undefined;
    if ((type !== "object" && type !== "array") || read.has(key)) continue;
    const value = decode(span.attributes[key]);
    if (typeof value === "object") fill("metadata", value, { name: key });
  }
}

const read = new Set([...eventKeys, "request_data", "response_data", "prompt", "logfire.tags"]);

export const logfire: Vocabulary = {
  name: "logfire",
  about: "Pydantic Logfire's own spans and logs, and Pydantic AI's.",
  integration: false,
  scopes: ["pydantic-ai", "logfire.openai", "logfire.anthropic"],
  markers: ["all_messages_events", "pydantic_ai.all_messages"],
  rules: [
    { keys: ["agent_name"], to: "name", when: isAgentRun, note: "of the agent's own run" },
    { keys: ["agent_name"], to: "metadata", name: "agent_name", when: isLogfires },
    { keys: ["logfire.msg"], to: "name", note: "what a person reads" },
    { keys: ["request_data", "prompt"], to: "inputs", when: isLogfires },
    { keys: ["response_data"], to: "outputs", when: isLogfires },
    { keys: ["final_result"], to: "outputs", when: isLogfires },
    { keys: eventKeys, to: "drop", when: isLogfires, note: "lists of messages: into inputs and outputs" },
    { keys: ["tool_arguments"], to: "tool_arguments", when: isLogfires },
    { keys: ["tool_response"], to: "tool_result", when: isLogfires },
    { keys: ["logfire.tags"], to: "tags" },
    { keys: ["logfire.json_schema"], to: "drop", note: "says which attributes are JSON" },
  ],
  leaves: { inputs: eventKeys, outputs: eventKeys.map((key) => `${key}.choices`) },
  read: readLogfire,
};
