// `otel-langsmith/vitest`: nothing; tests that are experiments stay with the langsmith package.
import { keptThere } from "../missing.js";

export const describe = keptThere("describe", "vitest");
export const expect = keptThere("expect", "vitest");
export const it = keptThere("it", "vitest");
export const test = keptThere("test", "vitest");
export const logFeedback = keptThere("logFeedback", "vitest");
export const logOutputs = keptThere("logOutputs", "vitest");
export const wrapEvaluator = keptThere("wrapEvaluator", "vitest");
