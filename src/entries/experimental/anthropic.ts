// `otel-langsmith/experimental/anthropic`: nothing yet.
import { keptThere } from "../../missing.js";

export const wrapClaudeAgentSDK = keptThere("wrapClaudeAgentSDK", "experimental/anthropic");
