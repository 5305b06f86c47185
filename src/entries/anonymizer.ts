// `otel-langsmith/anonymizer`: what `langsmith/anonymizer` exports of masking by rules.
import { missing } from "../missing.js";

export { type AnonymizerOptions, createAnonymizer, type Replacer, type StringNode } from "../privacy/anonymizer.js";

const WAY =
  "Go on importing it from langsmith/anonymizer, and pass what it makes as anonymizer: our Client takes it as it is.";
export const createSecretAnonymizer = missing("createSecretAnonymizer", WAY);
export const DEFAULT_SECRET_RULES = missing("DEFAULT_SECRET_RULES", WAY);
export const SECRET_PLACEHOLDER = "[SECRET_DETECTED]";
