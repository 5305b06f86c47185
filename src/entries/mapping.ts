// `otel-langsmith/mapping`: the tables by which attributes become a run, to read them or to add one of one's own.
export {
  type AuthoredContent,
  byValue,
  defaultVocabularies,
  type Field,
  type Fill,
  isOneOf,
  type MappableLogRecord,
  type MappableSpan,
  type Rule,
  type Vocabulary,
} from "../mapping/index.js";
