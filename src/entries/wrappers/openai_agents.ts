// `otel-langsmith/wrappers/openai_agents`: nothing yet; an instrumentation traces it.
import { missing } from "../../missing.js";

export const OpenAIAgentsTracingProcessor = missing(
  "OpenAIAgentsTracingProcessor",
  "Trace @openai/agents by an OpenTelemetry instrumentation: its spans are read.",
);
