// What may differ from the langsmith package: the list of docs/authoring.md, as questions to one field that differs.

/** One field that is not the same through both packages. */
export interface Difference {
  /** `[0].children[1].outputs.usage_metadata`, or `returned…` for what the program itself returned. */
  readonly path: string;
  readonly there: unknown;
  readonly here: unknown;
}

/** An item of the list. What it says of ids, times and runtimes is taken out before the comparison. */
export interface Item {
  readonly title: string;
  explains?(difference: Difference): boolean;
}

const text = (value: unknown) => JSON.stringify(value) ?? "";

/** By their numbers in the document. */
export const items: Readonly<Record<number, Item>> = {
  1: {
    title: "Ids, times, dotted orders",
    explains: ({ path, there }) => path.endsWith(".id") && text(there).includes("run-"),
  },
  2: { title: "`extra.runtime`" },
  3: { title: "Errors", explains: ({ path, here }) => isReturned(path) && text(here).includes("LSB_ERR_") },
  4: {
    title: "`new_token`",
    explains: ({ path, there, here }) => /\.events\[[1-9]/.test(path) && text(there).includes("new_token") && !here,
  },
  5: {
    title: "Usage and model names",
    explains: ({ path, here }) =>
      /\.metadata\.ls_\w+$/.test(path) ? here === undefined : path.endsWith("usage_metadata"),
  },
  6: { title: "What is set while a run runs", explains: ({ path }) => isContent(path) },
  7: {
    title: "Values",
    explains: ({ path, there, here }) =>
      isContent(path) && here !== undefined && (text(there).length < 12 || text(there).includes('"Buffer"')),
  },
  8: {
    title: "Streams",
    explains: ({ path }) => /\.(?:status|outputs|ended|isFirstTokenTimed|events\[\d\])$/.test(path),
  },
  9: { title: "Programs that throw there", explains: ({ there, here }) => here !== undefined && !isRun(there) },
  10: { title: "`tracingEnabled: false`", explains: ({ path, here }) => /children/.test(path) && here === undefined },
  11: {
    title: "`wrapOpenAI`",
    explains: ({ path, there, here }) =>
      /\.inputs\b|tool_calls|\.usage(?:_metadata)?\b|\.counts\b/.test(path) || (there === undefined && isRun(here)),
  },
  12: { title: "Functions and run trees", explains: ({ path }) => isReturned(path) || /\.outputs\b/.test(path) },
  13: { title: "Tracing is on", explains: ({ there, here }) => there === undefined && isRun(here) },
  14: {
    title: "LangChain's runs",
    explains: ({ path, there }) => /\.children.*\.metadata\.\w+$/.test(path) && there === undefined,
  },
};

function isReturned(path: string): boolean {
  return path.startsWith("returned");
}

function isContent(path: string): boolean {
  return /\.(?:inputs|outputs)\b/.test(path);
}

function isRun(value: unknown): boolean {
  return typeof value === "object" && value !== null && "run_type" in value;
}

/** Every field in which two values are not the same. */
export function differencesOf(there: unknown, here: unknown, path = ""): Difference[] {
  if (text(there) === text(here)) return [];
  if (isWalked(there) && isWalked(here) && Array.isArray(there) === Array.isArray(here)) {
    const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
    return keys.flatMap((key) =>
      differencesOf(
        Reflect.get(there, key),
        Reflect.get(here, key),
        Array.isArray(there) ? `${path}[${key}]` : `${path}.${key}`,
      ),
    );
  }
  return [{ path, there, here }];
}

function isWalked(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
