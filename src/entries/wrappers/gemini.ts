// `otel-langsmith/wrappers/gemini`: nothing yet; an instrumentation traces it.
import { missing } from "../../missing.js";

export const wrapGemini = missing(
  "wrapGemini",
  "Trace @google/genai by an OpenTelemetry instrumentation (OpenInference and OpenLLMetry have one), or wrapSDK of otel-langsmith/wrappers.",
);
