// `otel-langsmith/evaluation`: nothing; evaluations stay with the langsmith package.
import { keptThere } from "../missing.js";

export const evaluate = keptThere("evaluate", "evaluation");
export const evaluateComparative = keptThere("evaluateComparative", "evaluation");
export const StringEvaluator = keptThere("StringEvaluator", "evaluation");
