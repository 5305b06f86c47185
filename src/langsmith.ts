// `otel-langsmith/langsmith`: one tree with what the native `langsmith` package traces in the same process.
export { type Joined, joinLangSmith } from "./native/join.js";
