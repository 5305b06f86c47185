// What shows a span as GenAI: its scope or its attributes, by the vocabularies in use, or the authoring API.
import type { Attributes } from "@opentelemetry/api";
import { hasGenAiMarker, isGenAiScope, type Vocabulary } from "../mapping/index.js";

/** The scope of spans made with the authoring API. */
export const AUTHORING_SCOPE = "otel-langsmith";

export interface GenAi {
  /** Whether every span of the scope is GenAI: known at start. */
  isScope(scopeName: string): boolean;
  /** Whether the attributes hold a marker of a vocabulary. */
  isMarked(attributes: Attributes): boolean;
}

/** @param vocabularies the user's, where there are any */
export function createGenAi(vocabularies: readonly Vocabulary[] | undefined): GenAi {
  return {
    isScope: (scopeName) => scopeName === AUTHORING_SCOPE || isGenAiScope(scopeName, vocabularies),
    isMarked: (attributes) => hasGenAiMarker(attributes, vocabularies),
  };
}
