// The environment, read once a call: LangSmith's names, the older LANGCHAIN_ names behind them, empty strings as unset.

/** Variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of `LANGSMITH_<name>`, else of `LANGCHAIN_<name>`, without the quotes around it. */
export function langsmithVariable(env: Environment, name: string): string | undefined {
  return variableOf(env, `LANGSMITH_${name}`) ?? variableOf(env, `LANGCHAIN_${name}`);
}

/** The value of one variable of LangSmith's or ours, without the quotes around it. */
export function variableOf(env: Environment, name: string): string | undefined {
  return unquoted(env[name]);
}

/** A variable's trimmed value; an empty one counts as unset. */
export function textOf(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed ? trimmed : undefined;
}

/**
 * Without the quotes that `docker --env-file` and others leave around a value, as the langsmith package reads addresses
 * and keys.
 */
export function unquoted(value: string | undefined): string | undefined {
  return textOf(textOf(value)?.replace(/^(["'])(.*)\1$/, "$2"));
}

/** `true` or `1`, `false` or `0`, in any case; undefined for anything else. */
export function booleanOf(value: string | undefined): boolean | undefined {
  const word = textOf(value)?.toLowerCase();
  if (word === "true" || word === "1") return true;
  if (word === "false" || word === "0") return false;
  return undefined;
}

/** A number, `Infinity` included; undefined where the text is none. */
export function numberOf(value: string | undefined): number | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  const number = Number(text);
  return Number.isNaN(number) ? undefined : number;
}

/** A comma-separated list without empty entries. */
export function listOf(value: string | undefined): string[] | undefined {
  const entries = textOf(value)
    ?.split(",")
    .map((entry) => entry.trim())
    .filter(Boolean);
  return entries?.length ? entries : undefined;
}
