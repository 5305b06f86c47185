// `otel-langsmith/jest`: nothing; tests that are experiments stay with the langsmith package.
import { keptThere } from "../missing.js";

export const describe = keptThere("describe", "jest");
export const expect = keptThere("expect", "jest");
export const it = keptThere("it", "jest");
export const test = keptThere("test", "jest");
export const logFeedback = keptThere("logFeedback", "jest");
export const logOutputs = keptThere("logOutputs", "jest");
export const wrapEvaluator = keptThere("wrapEvaluator", "jest");
