// The span processor.
export { LangSmithSpanProcessor, type ProcessorStats } from "./processor.js";
