// Whether tracing is on, as the environment says: one answer, for whoever asks.
import { type Environment, variableOf } from "./environment.js";
import { OPTIONS, type Row } from "./table.js";
import { variableSaying } from "./value.js";

/** What a variable says of tracing. */
export interface TracingVariable {
  readonly name: string;
  /** As it stands there, without quotes. */
  readonly text: string;
  readonly value: boolean;
}

/** The variable that decides, undefined where none says yes or no: then the bridge is on, and native tracing off. */
export function tracingVariable(env: Environment = process.env): TracingVariable | undefined {
  return variableSaying(OPTIONS.enabled, env);
}

/** The variables that are to say yes or no, and say neither: they count as not set, by their names. */
export function unreadVariables(env: Environment = process.env): string[] {
  const rows: readonly Row[] = Object.values(OPTIONS);
  return rows.flatMap(({ kind, variables = [] }) =>
    variables.filter((name) => {
      const text = variableOf(env, name);
      return text !== undefined && kind.read(text) === undefined;
    }),
  );
}

/** Whether the environment switches the bridge off. */
export function isSwitchedOff(env: Environment = process.env): boolean {
  return tracingVariable(env)?.value === false;
}

/** Whether the environment asks for tracing in so many words, as the langsmith package wants it for its own. */
export function isTracedNatively(env: Environment = process.env): boolean {
  return tracingVariable(env)?.value === true;
}
