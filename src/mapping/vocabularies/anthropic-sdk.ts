// The Anthropic SDK's own spans: the GenAI conventions, and a few keys beside them.
import { decode } from "../json.js";
import { resultContent } from "../parts.js";
import type { Vocabulary } from "../vocabulary.js";

export const anthropicSdk: Vocabulary = {
  name: "anthropic-sdk",
  about: "The Anthropic SDK's own spans; what is not here it says in the GenAI conventions.",
  scopes: ["com.anthropic.sdk.typescript"],
  rules: [
    { keys: ["anthropic.message.stop_reason"], to: "finish_reason" },
    {
      keys: ["anthropic.tool_result.content"],
      to: "tool_result",
      as: (content) => resultContent(decode(content)),
      note: "parts that are all text are that text",
    },
  ],
};
