// What the demo's model says: a pure function of the request, so that every run of the demo and of the tests is the
// same. It reads the conversation in one plain form; model-wire.mjs translates the two protocols into it.

/**
 * @typedef {{ role: string, text: string }} Turn
 * @typedef {{ name: string, parameters: unknown }} Tool
 * @typedef {{ id: string, name: string, arguments: string }} ToolCall
 * @typedef {{ input: number, output: number, cached: number, reasoning: number }} Usage
 * @typedef {{ turns: Turn[], tools: Tool[], wantsJson: boolean, toolChoice: unknown }} Conversation
 * @typedef {{ text: string | null, toolCalls: ToolCall[], usage: Usage }} Answer
 */
import { createHash } from "node:crypto";

/** @type {Record<string, { temperature: number, sky: string, summary: string }>} */
const weather = {
  Paris: { temperature: 18, sky: "cloudy", summary: "Mild and cloudy" },
  Berlin: { temperature: 12, sky: "rain", summary: "Cold with rain" },
};

/** @type {Record<string, { status: number, error: Record<string, unknown> }>} */
const failures = {
  TRIGGER_429: {
    status: 429,
    error: {
      message:
        "Rate limit reached for gpt-4o-mini in organization org-mock on requests per min (RPM): Limit 3, Used 3, Requested 1.",
      type: "requests",
      param: null,
      code: "rate_limit_exceeded",
    },
  },
  TRIGGER_500: {
    status: 500,
    error: {
      message: "The server had an error while processing your request. Sorry about that!",
      type: "server_error",
      param: null,
      code: null,
    },
  },
  TRIGGER_400: {
    status: 400,
    error: {
      message: "Invalid value for 'temperature': expected at most 2.",
      type: "invalid_request_error",
      param: "temperature",
      code: null,
    },
  },
};

/**
 * The HTTP failure that the conversation asks for by `TRIGGER_429`, `TRIGGER_500` or `TRIGGER_400`, if any.
 * @param {Conversation} conversation
 */
export function failureOf(conversation) {
  const said = everythingSaid(conversation);
  for (const [trigger, failure] of Object.entries(failures)) if (said.includes(trigger)) return failure;
  return undefined;
}

/**
 * Whether a stream is to break off after four chunks (`TRIGGER_MIDSTREAM`).
 * @param {Conversation} conversation
 */
export function breaksMidstream(conversation) {
  return everythingSaid(conversation).includes("TRIGGER_MIDSTREAM");
}

/**
 * The model's answer to a conversation.
 * @param {Conversation} conversation
 * @returns {Answer}
 */
export function answerTo(conversation) {
  const question = lastUserTurn(conversation);
  const results = resultsSince(conversation, question.index).length;
  const mayCall = conversation.tools.length > 0 && conversation.toolChoice !== "none";
  if (results >= 2) return say("Paris is 18°C and cloudy; Berlin is 12°C with rain.", 149, 22, 64);
  if (results === 1) {
    return say("It is 18°C and cloudy in Paris, so you can leave the umbrella at home.", 118, 24, 64, 8);
  }
  if (mayCall) return callTools(conversation, question.text);
  if (conversation.wantsJson) return say(forecastJson(question.text), 73, 21);
  if (/capital of france/i.test(question.text)) return say("The capital of France is Paris.", 25, 9);
  return say("Hello! I am a mock model.", 25, 9);
}

/**
 * A vector for a text: the same text, the same vector.
 * @param {string} text
 * @param {number} dimensions
 */
export function embeddingOf(text, dimensions) {
  const digest = createHash("sha256").update(text).digest();
  return Array.from({ length: dimensions }, (_, i) => ((digest[i % digest.length] ?? 0) - 128) / 128);
}

/** @param {Conversation} conversation @param {string} question @returns {Answer} */
function callTools(conversation, question) {
  const chosen = conversation.tools.find((tool) => tool.name === "get_weather") ?? conversation.tools[0];
  if (!chosen) return say("No tool was given.", 25, 9);
  /** @param {number} index @param {string} city @returns {ToolCall} */
  const call = (index, city) => ({
    id: `call_${createHash("sha256").update(`${question}#${index}`).digest("hex").slice(0, 12)}`,
    name: chosen.name,
    arguments: JSON.stringify(argumentsFor(chosen.parameters, city)),
  });
  if (question.includes("BADARGS")) {
    return { text: null, toolCalls: [{ ...call(0, "Paris"), arguments: '{"city": "Par' }], usage: usage(84, 9) };
  }
  if (question.includes("Compare")) {
    return { text: null, toolCalls: [call(0, "Paris"), call(1, "Berlin")], usage: usage(85, 31) };
  }
  if (question.includes("TOOLFAIL")) return { text: null, toolCalls: [call(0, "Atlantis")], usage: usage(84, 17) };
  return { text: null, toolCalls: [call(0, "Paris")], usage: usage(82, 17) };
}

/**
 * Arguments that satisfy a tool's JSON schema: the city under `city` or where nothing is known of the schema.
 * @param {unknown} schema @param {string} city
 */
function argumentsFor(schema, city) {
  const properties = isRecord(schema) && isRecord(schema["properties"]) ? schema["properties"] : { city: {} };
  const required = isRecord(schema) && Array.isArray(schema["required"]) ? schema["required"] : Object.keys(properties);
  /** @type {Record<string, unknown>} */
  const args = {};
  for (const name of required) {
    const property = isRecord(properties[name]) ? properties[name] : {};
    if (Array.isArray(property["enum"])) args[name] = property["enum"][0];
    else if (property["type"] === "number" || property["type"] === "integer") args[name] = 1;
    else if (property["type"] === "boolean") args[name] = true;
    else if (property["type"] === "array") args[name] = [];
    else if (property["type"] === "object") args[name] = {};
    else args[name] = city;
  }
  return args;
}

/** @param {string} question */
function forecastJson(question) {
  const city = Object.keys(weather).find((name) => question.includes(name)) ?? "Paris";
  return JSON.stringify({ city, temperature_c: weather[city]?.temperature, summary: weather[city]?.summary });
}

/** @param {string} text @param {number} input @param {number} output @returns {Answer} */
function say(text, input, output, cached = 0, reasoning = 0) {
  return { text, toolCalls: [], usage: usage(input, output, cached, reasoning) };
}

/** @param {number} input @param {number} output @returns {Usage} */
function usage(input, output, cached = 0, reasoning = 0) {
  return { input, output, cached, reasoning };
}

/** @param {Conversation} conversation */
function lastUserTurn({ turns }) {
  const index = turns.findLastIndex((turn) => turn.role === "user");
  return { index, text: turns[index]?.text ?? "" };
}

/** @param {Conversation} conversation @param {number} index */
function resultsSince({ turns }, index) {
  return turns.slice(index + 1).filter((turn) => turn.role === "tool");
}

/** @param {Conversation} conversation */
function everythingSaid({ turns }) {
  return turns.map((turn) => turn.text).join("\n");
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
export function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
