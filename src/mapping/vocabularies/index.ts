// The vocabularies that come with the bridge, the most specific first. A new one is a file, a fixture, and a line here.
import type { Vocabulary } from "../vocabulary.js";
import { aiSdk } from "./ai-sdk.js";
import { anthropicSdk } from "./anthropic-sdk.js";
import { genai } from "./genai.js";
import { genaiOlder } from "./genai-older.js";
import { googleAdk } from "./google-adk.js";
import { langfuse } from "./langfuse.js";
import { langsmith } from "./langsmith.js";
import { logfire } from "./logfire.js";
import { mastra } from "./mastra.js";
import { openinference } from "./openinference.js";
import { openllmetry } from "./openllmetry.js";
import { plain } from "./plain.js";

/** Every vocabulary the bridge knows. Put your own before them: `[mine, ...defaultVocabularies]`. */
export const defaultVocabularies: readonly Vocabulary[] = [
  langsmith,
  openinference,
  langfuse,
  aiSdk,
  logfire,
  mastra,
  anthropicSdk,
  googleAdk,
  genai,
  genaiOlder,
  openllmetry,
  plain,
];
