// The table of infrastructure scopes against what is really installed, so that a new instrumentation is not missed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { getNodeAutoInstrumentations } from "@opentelemetry/auto-instrumentations-node";
import { afterAll, describe, expect, it } from "vitest";
import { isInfrastructureScope } from "../../../src/processor/selection/infrastructure.js";

/** Instrumentations of models' SDKs that auto-instrumentations-node brings: a new one is decided here, by hand. */
const MODELS = new Set(["@opentelemetry/instrumentation-openai"]);

const require = createRequire(import.meta.url);

function broughtPackages(): string[] {
  // The package's exports hide its package.json, so it is found beside its entry: build/src/index.js.
  const entry = require.resolve("@opentelemetry/auto-instrumentations-node");
  const manifest: unknown = JSON.parse(readFileSync(join(dirname(entry), "../../package.json"), "utf8"));
  if (typeof manifest !== "object" || manifest === null || !("dependencies" in manifest)) return [];
  return Object.keys(manifest.dependencies ?? {}).filter((name) => name.includes("/instrumentation-"));
}

const instrumentations = getNodeAutoInstrumentations({
  "@opentelemetry/instrumentation-fs": { enabled: true },
  "@opentelemetry/instrumentation-host-metrics": { enabled: true },
});
afterAll(() => {
  for (const instrumentation of instrumentations) instrumentation.disable();
});

describe("the infrastructure scopes", () => {
  it("cover every package that auto-instrumentations-node brings, but the models'", () => {
    const packages = broughtPackages();
    expect(packages.length).toBeGreaterThan(35);
    expect(packages.filter((name) => isInfrastructureScope(name) === MODELS.has(name))).toEqual([]);
  });

  it("cover the scope that each of those instrumentations opens", () => {
    const scopes = instrumentations.map((instrumentation) => instrumentation.instrumentationName);
    expect(scopes.length).toBe(broughtPackages().length);
    expect(scopes.filter((scope) => isInfrastructureScope(scope) === MODELS.has(scope))).toEqual([]);
  });

  it.each([
    "next.js",
    "@vercel/otel/fetch",
    "prisma",
    "@fastify/otel",
    "@hono/otel",
    "bullmq",
    "@sentry/instrumentation-http",
    "@sentry/instrumentation-node-fetch",
    "@sentry/instrumentation-pg",
    "sentry-express",
    "@opentelemetry/instrumentation-fastify",
    "@opentelemetry/instrumentation-aws-sdk",
    "@google-cloud/pubsub",
    "@azure/storage-blob",
  ])("%s is infrastructure", (scope) => {
    expect(isInfrastructureScope(scope)).toBe(true);
  });

  it.each([
    "",
    "my-app",
    "ai",
    "langsmith",
    "gen_ai",
    "langfuse-sdk",
    "@opentelemetry/instrumentation",
    "@opentelemetry/instrumentation-openai",
    "@opentelemetry/instrumentation-langchain",
    "@opentelemetry/instrumentation-google-genai",
    "@opentelemetry/instrumentation-http-agent",
    "@sentry/node",
    "@sentry/opentelemetry",
    "@sentry/instrumentation-openai",
    "@sentry/instrumentation-vercel-ai",
    "@sentry/instrumentation-anthropic-ai",
    "@sentry/instrumentation-langgraph",
    "@traceloop/instrumentation-openai",
    "@traceloop/instrumentation-bedrock",
    "@traceloop/instrumentation-vertexai",
    "@traceloop/instrumentation-cohere",
    "@arizeai/openinference-instrumentation-bedrock",
    "@azure/openai",
    "@azure-rest/ai-inference",
    "constructor",
    "__proto__",
  ])("%j is not", (scope) => {
    expect(isInfrastructureScope(scope)).toBe(false);
  });
});
