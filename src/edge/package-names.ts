// What the other entries export, at the edge: wrappers give back what they get, and what is not here says so there too.
import { keptThere, missing } from "../missing.js";

export function wrapAnthropic<Anthropic>(client: Anthropic): Anthropic {
  return client;
}

export function wrapSDK<SDK>(client: SDK): SDK {
  return client;
}

export function createUsageMetadata(): undefined {}

export function isTracingEnabled(): boolean {
  return false;
}

export function getDefaultProjectName(): string {
  return "default";
}

export function convertToDottedOrderFormat(epoch: number, runId: string) {
  const date = new Date(epoch).toISOString().slice(0, -1);
  return { dottedOrder: `${date.replace(/[-:.]/g, "")}001Z${runId}`, microsecondPrecisionDatestring: `${date}001Z` };
}

export function LangSmithTelemetry(): object {
  return {};
}

export function isTraceableSpan(): boolean {
  return false;
}

export const LS_MESSAGE_VIEW_EXCLUDE = "ls_message_view_exclude";
export const SECRET_PLACEHOLDER = "[SECRET_DETECTED]";
export const __version__ = "edge";

export function overrideFetchImplementation(): void {}

const EDGE = "Use it in a route of the Node.js runtime.";
export const computeRunIdForSecondaryReplica = missing("computeRunIdForSecondaryReplica in the edge runtime", EDGE);
export const initializeOTEL = missing("initializeOTEL in the edge runtime", EDGE);
export const LangSmithOTLPTraceExporter = missing("LangSmithOTLPTraceExporter in the edge runtime", EDGE);
export const LangSmithOTLPSpanProcessor = missing("LangSmithOTLPSpanProcessor in the edge runtime", EDGE);
export const AsyncLocalStorageProviderSingleton = missing(
  "AsyncLocalStorageProviderSingleton in the edge runtime",
  EDGE,
);
export const createSecretAnonymizer = missing(
  "createSecretAnonymizer",
  "Go on importing it from langsmith/anonymizer.",
);
export const DEFAULT_SECRET_RULES = missing("DEFAULT_SECRET_RULES", "Go on importing it from langsmith/anonymizer.");
export const wrapGemini = missing("wrapGemini in the edge runtime", EDGE);
export const OpenAIAgentsTracingProcessor = missing("OpenAIAgentsTracingProcessor in the edge runtime", EDGE);
export const wrapAISDK = missing("wrapAISDK", EDGE);
export const createLangSmithProviderOptions = missing("createLangSmithProviderOptions", EDGE);
export const convertMessageToTracedFormat = missing("convertMessageToTracedFormat", EDGE);
export const wrapClaudeAgentSDK = keptThere("wrapClaudeAgentSDK", "experimental/anthropic");
export const getLangchainCallbacks = keptThere("getLangchainCallbacks", "langchain");
export const RunnableTraceable = keptThere("RunnableTraceable", "langchain");
export const evaluate = keptThere("evaluate", "evaluation");
export const evaluateComparative = keptThere("evaluateComparative", "evaluation");
export const StringEvaluator = keptThere("StringEvaluator", "evaluation");
export const describe = keptThere("describe", "vitest");
export const expect = keptThere("expect", "vitest");
export const it = keptThere("it", "vitest");
export const test = keptThere("test", "vitest");
export const logFeedback = keptThere("logFeedback", "vitest");
export const logOutputs = keptThere("logOutputs", "vitest");
export const wrapEvaluator = keptThere("wrapEvaluator", "vitest");
