// Hostile text costs linear time, wherever text from outside is read.
import { context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { parseRunsEndpoints } from "../../src/delivery/replicas.js";
import { referenceOf } from "../../src/identity/reference.js";
import { LangSmithPropagator, RunTree, setRun, uuid7FromTime } from "../../src/index.js";
import { defaultVocabularies, mapSpan } from "../../src/mapping/index.js";
import { snapshot } from "../../src/snapshot/snapshot.js";
import { parseDottedOrder } from "../../src/wire/dotted-order.js";
import { microsOfIso } from "../../src/wire/time.js";
import { spanOf } from "../mapping/span.js";
import { growth, repeated } from "./linear-time.js";

/** Every key that a vocabulary reads, or one below a prefix that it reads. */
function keysOf({ rules }: (typeof defaultVocabularies)[number]): string[] {
  return rules.flatMap((rule) => [
    ...(rule.keys ?? []),
    ...(rule.prefix === undefined ? [] : [`${rule.prefix}0.content`]),
  ]);
}

const kinds = {
  "gen_ai.operation.name": "chat",
  "openinference.span.kind": "LLM",
  "gen_ai.request.model": "m",
  "ai.operationId": "ai.generateText.doGenerate",
};

function expectLinear(works: Readonly<Record<string, (text: string) => unknown>>): void {
  const slow = [];
  for (const [name, work] of Object.entries(works)) {
    for (const [what, unit, end] of repeated) {
      const found = growth(work, unit, end);
      if (found !== undefined) slow.push(`${name}, ${what}: ${found}`);
    }
  }
  expect(slow).toEqual([]);
}

describe("hostile text costs linear time", () => {
  it.each(defaultVocabularies.map((vocabulary) => [vocabulary.name, vocabulary] as const))(
    "in each attribute that the vocabulary %s reads",
    (_name, vocabulary) => {
      const entries = keysOf(vocabulary).map((key) => [
        key,
        (text: string) => mapSpan(spanOf({ ...kinds, [key]: text }), {}),
      ]);
      expectLinear(Object.fromEntries(entries));
    },
    120_000,
  );

  it("in a span's name, status, events, exceptions and log records", () => {
    const time: [number, number] = [1_795_000_000, 600_000_000];
    const status = { code: 2 } as const;
    const event = (name: string, attributes: Record<string, string>) => ({ events: [{ name, time, attributes }] });
    expectLinear({
      name: (text) => mapSpan(spanOf(kinds, { name: text }), {}),
      "status message": (text) => mapSpan(spanOf(kinds, { status: { code: 2, message: text } }), {}),
      "exception.message": (text) =>
        mapSpan(spanOf(kinds, { status, ...event("exception", { "exception.message": text }) }), {}),
      "exception.stacktrace": (text) =>
        mapSpan(
          spanOf(kinds, {
            status,
            ...event("exception", { "exception.message": "x", "exception.stacktrace": `Error: x${text}` }),
          }),
          {},
        ),
      "exception.type": (text) =>
        mapSpan(spanOf(kinds, { status, ...event("exception", { "exception.type": text }) }), {}),
      "an event's content": (text) =>
        mapSpan(spanOf(kinds, event("gen_ai.choice", { message: text, "gen_ai.completion": text })), {}),
      "a log record": (text) =>
        mapSpan(spanOf(kinds), {
          logs: [{ eventName: "gen_ai.user.message", time, body: { content: text }, attributes: { role: text } }],
        }),
    });
  }, 120_000);

  it("in headers, references, times, ids and variables", () => {
    const propagator = new LangSmithPropagator({ inbound: { metadata: ["a"], tags: true, project: ["p"] } });
    const get = { get: (carrier: Record<string, string>, key: string) => carrier[key], keys: Object.keys };
    expectLinear({
      "langsmith-trace": (text) => propagator.extract(ROOT_CONTEXT, { "langsmith-trace": text }, get),
      baggage: (text) => propagator.extract(ROOT_CONTEXT, { baggage: `langsmith-metadata=${text}` }, get),
      "baggage that goes on": (text) =>
        propagator.inject(
          propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ a: { value: text } })),
          {},
          { set: () => {} },
        ),
      "RunTree.fromHeaders": (text) => RunTree.fromHeaders({ "langsmith-trace": text, baggage: text }),
      setRun: (text) => setRun(context.active(), { id: text, dotted_order: text }),
      "a reference": (text) => referenceOf({ id: text, dotted_order: text, trace_id: text }),
      "a dotted order": (text) => parseDottedOrder(text),
      "a time": (text) => microsOfIso(text),
      "a time for an id": (text) => uuid7FromTime(text),
      LANGSMITH_RUNS_ENDPOINTS: (text) => parseRunsEndpoints(text, () => {}),
      "an argument of a traceable": (text) => snapshot({ text, error: new Error(text), url: { href: text } }),
    });
  }, 120_000);
});
