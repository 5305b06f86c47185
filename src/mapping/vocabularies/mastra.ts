// Mastra's OpenTelemetry bridge: the GenAI conventions, and Mastra's own inputs and outputs by the kind of span.
import { byValue, isOneOf, type Vocabulary } from "../vocabulary.js";

export const mastra: Vocabulary = {
  name: "mastra",
  about: "Mastra's OpenTelemetry bridge and exporter.",
  scopes: ["@mastra/*", "mastra"],
  markers: ["mastra.span.type"],
  rules: [
    {
      keys: ["mastra.span.type"],
      to: "run_type",
      as: byValue({
        model_generation: "llm",
        llm_generation: "llm",
        rag_embedding: "embedding",
        tool_call: "tool",
        mcp_tool_call: "tool",
        provider_tool_call: "tool",
        client_tool_call: "tool",
      }),
      note: "model_generation → llm, rag_embedding → embedding, the tool calls → tool; of others `gen_ai.operation.name` decides",
    },
    { keys: ["mastra.span.type"], to: "agent", as: isOneOf("agent_run", "workflow_run") },
    { prefix: "mastra.", suffix: ".input", to: "inputs" },
    { prefix: "mastra.", suffix: ".output", to: "outputs" },
    { keys: ["mastra.completion_start_time"], to: "first_token" },
    { keys: ["mastra.tags"], to: "tags" },
    { prefix: "mastra.metadata.", to: "metadata" },
  ],
};
