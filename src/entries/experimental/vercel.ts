// `otel-langsmith/experimental/vercel`: what `langsmith/experimental/vercel` exports for the AI SDK.
import { missing } from "../../missing.js";

export { LangSmithTelemetry, type LangSmithTelemetryConfig } from "../../ai-sdk/telemetry.js";

const WAY =
  "With the AI SDK 5 and 6 pass experimental_telemetry: { isEnabled: true } to its calls: their spans are read. With 7 call registerTelemetry(LangSmithTelemetry()) once.";
export const wrapAISDK = missing("wrapAISDK", WAY);
export const createLangSmithProviderOptions = missing("createLangSmithProviderOptions", WAY);
export const convertMessageToTracedFormat = missing("convertMessageToTracedFormat", WAY);
