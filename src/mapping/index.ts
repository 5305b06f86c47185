// The mapping room: one span and what belongs to it, to the fields of its run.
export type { AuthoredContent } from "./authored.js";
export { mapSpan } from "./map.js";
export type { Mapped, MappingWarning, MapSources } from "./mapped.js";
export { hasGenAiMarker, isGenAiScope } from "./markers.js";
export { sideOf } from "./read.js";
export { asRouted } from "./route.js";
export {
  answerOf,
  asAgent,
  asStatusAbove,
  callOf,
  demoteModelCall,
  settleModelCalls,
  TOLD_WHOLE,
  toldOf,
  withoutUsageOf,
} from "./settle.js";
export type { MappableEvent, MappableLogRecord, MappableSpan } from "./span.js";
export { threadIdOf } from "./thread.js";
export { defaultVocabularies } from "./vocabularies/index.js";
export type { Field, Fill, Rule, Vocabulary } from "./vocabulary.js";
export { byValue, isOneOf } from "./vocabulary.js";
