// Whether tracing is on, as the environment says: one answer, for whoever asks.
import { booleanOf, type Environment, variableOf } from "./environment.js";

/** The names that say it, the stronger first: LangSmith's own beat the older ones, whatever those say. */
export const TRACING_VARIABLES = [
  "LANGSMITH_TRACING_V2",
  "LANGSMITH_TRACING",
  "LANGCHAIN_TRACING_V2",
  "LANGCHAIN_TRACING",
] as const;

/** What a variable says of tracing. */
export interface TracingVariable {
  readonly name: string;
  /** As it stands there, without quotes. */
  readonly word: string;
  readonly isOn: boolean;
}

/** The variable that decides, undefined where none says yes or no: then the bridge is on, and native tracing off. */
export function tracingVariable(env: Environment = process.env): TracingVariable | undefined {
  for (const name of TRACING_VARIABLES) {
    const word = variableOf(env, name);
    const isOn = booleanOf(word);
    if (word !== undefined && isOn !== undefined) return { name, word, isOn };
  }
  return undefined;
}

/** Whether the environment switches the bridge off. */
export function isSwitchedOff(env: Environment = process.env): boolean {
  return tracingVariable(env)?.isOn === false;
}

/** Whether the environment asks for tracing in so many words, as the langsmith package wants it for its own. */
export function isTracedNatively(env: Environment = process.env): boolean {
  return tracingVariable(env)?.isOn === true;
}
