// A misspelt option is an error that names the nearest one: of the processor, the exporter, the propagator, register.
import { expect, it } from "vitest";
import { configureAuthoring } from "../../src/authoring/index.js";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { nearestName } from "../../src/options/names.js";
import { RunIdentityProcessor } from "../../src/processor/identity-processor.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { LangSmithPropagator } from "../../src/propagation/index.js";
import { register } from "../../src/register/index.js";

const TAKERS: Record<string, (options: never) => unknown> = {
  LangSmithSpanProcessor: (options) => new LangSmithSpanProcessor(options),
  LangSmithSpanExporter: (options) => new LangSmithSpanExporter(options),
  RunIdentityProcessor: (options) => new RunIdentityProcessor(options),
  LangSmithPropagator: (options) => new LangSmithPropagator(options),
  register: (options) => register(options),
  configureAuthoring: (options) => configureAuthoring(options),
};

it.each([
  ["LangSmithSpanProcessor", { hideInput: true }, "hideInput", "hideInputs"],
  ["LangSmithSpanProcessor", { project: "a" }, "project", "projectName"],
  ["LangSmithSpanProcessor", { anonymizer: () => ({}) }, "anonymizer", "hideInputs, hideOutputs and hideMetadata"],
  ["LangSmithSpanProcessor", { held: { maxTrace: 1 } }, "held.maxTrace", "maxTraces"],
  ["LangSmithSpanProcessor", { replicas: [{ projectName: "a" }] }, "replicas[0].projectName", "project"],
  ["LangSmithSpanExporter", { tracingSamplingRate: 0 }, "tracingSamplingRate", "samplingRate"],
  ["RunIdentityProcessor", { projectname: "a" }, "projectname", "projectName"],
  ["LangSmithPropagator", { inbond: {} }, "inbond", "inbound"],
  ["LangSmithPropagator", { inbound: { projects: [] } }, "inbound.projects", "project"],
  ["LangSmithPropagator", { outbound: { maxHeaderByte: 200 } }, "outbound.maxHeaderByte", "maxHeaderBytes"],
  ["register", { propagators: {} }, "propagators", "propagator"],
  ["register", { hideOutput: true }, "hideOutput", "hideOutputs"],
  ["configureAuthoring", { contentAsAttribute: true }, "contentAsAttribute", "contentAsAttributes"],
])("%s with %j names the option and the nearest one", (taker, options, option, nearest) => {
  const take = () => TAKERS[taker]?.(options as never);
  expect(take).toThrow(expect.objectContaining({ code: "LSB_ERR_OPTION", option }));
  expect(take).toThrow(`did you mean ${nearest}?`);
});

it("an option that is undefined is no option", () => {
  expect(() => new LangSmithPropagator({ inbond: undefined } as never)).not.toThrow();
});

it("a name that is near none gets the list, in linear time for a long one", () => {
  expect(nearestName("zzzzzzzzzz", ["apiKey", "apiUrl"])).toBeUndefined();
  expect(nearestName("x".repeat(1_000_000), ["apiKey"])).toBeUndefined();
});
