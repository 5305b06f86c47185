// The value of an option: what was given, else what its variables say, else its default.
import { LangSmithOptionError } from "../errors.js";
import { type Environment, variableOf } from "./environment.js";
import type { Row } from "./table.js";

/** @throws LangSmithOptionError for a variable that makes no sense, by its name */
export function resolved<T>(row: Row<T> & { readonly default: T }, given: T | undefined, env: Environment): T;
export function resolved<T>(row: Row<T>, given: T | undefined, env: Environment): T | undefined;
export function resolved<T>(row: Row<T>, given: T | undefined, env: Environment): T | undefined {
  return given ?? variableValue(row, env) ?? row.default;
}

/** What an option's variables say: the first that says anything counts. @throws LangSmithOptionError */
export function variableValue<T>(
  { kind, variables = [] }: Pick<Row<T>, "kind" | "variables">,
  env: Environment,
): T | undefined {
  return variableSaying({ kind, variables }, env)?.value;
}

/** The variable that says it, and what. @throws LangSmithOptionError */
export function variableSaying<T>(
  { kind, variables = [] }: Pick<Row<T>, "kind" | "variables">,
  env: Environment,
): { readonly name: string; readonly text: string; readonly value: T } | undefined {
  for (const name of variables) {
    const text = variableOf(env, name);
    const value = text === undefined ? undefined : kind.read(text);
    if (text === undefined || value === undefined) continue;
    if (!kind.accepts(value)) throw new LangSmithOptionError(name, kind.takesText ?? kind.takes, text);
    return { name, text, value };
  }
  return undefined;
}
