// Compiled filters against a plain evaluator in memory, on random runs and random filters.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compileFilter } from "../../src/query/compile.js";
import { type Filter, type Literal, parseFilter } from "../../src/query/syntax.js";
import type { Db } from "../../src/storage/database.js";
import { type DataDirectory, openDataDirectory } from "../../src/storage/open.js";
import { retain } from "../../src/storage/retention.js";
import { store } from "../../src/storage/writer.js";
import { nowMicros, parseTime } from "../../src/time.js";
import { makeRun, SECOND, type TestRun } from "../support.js";

const WORDS = ["alpha", "beta", "gamma", "5", "true"] as const;
const KEYS = ["k1", "k2", "k3"] as const;
const VALUES: readonly (string | number | boolean)[] = ["alpha", "beta gamma", 5, 2.5, true, "5", ""];

const word = fc.constantFrom(...WORDS);
const texts = fc.array(word, { maxLength: 3 }).map((words) => words.join(" "));
const dict = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 3 });

interface Sample {
  readonly run: TestRun;
  readonly feedback: readonly { key: string; score: number | null }[];
}

const sample: fc.Arbitrary<Sample> = fc
  .record({
    name: fc.constantFrom("alpha", "beta", "alpha beta"),
    run_type: fc.constantFrom("llm", "tool", "chain"),
    seconds: fc.constantFrom(null, 0, 1, 2.5, 5),
    at: fc.integer({ min: 0, max: 5 }).map((n) => n * SECOND),
    error: fc.option(
      texts.filter((text) => text !== ""),
      { nil: undefined },
    ),
    tags: fc.option(fc.uniqueArray(word, { maxLength: 2 }), { nil: undefined }),
    metadata: dict,
    inputs: dict,
    outputs: fc.option(dict, { nil: undefined }),
    tokens: fc.option(fc.constantFrom(1, 5, 10), { nil: undefined }),
    feedback: fc.array(fc.record({ key: fc.constantFrom(...KEYS), score: fc.constantFrom(null, 0, 1, 2.5, 5) }), {
      maxLength: 3,
    }),
  })
  .map(({ metadata, tokens, feedback, error, tags, outputs, ...fields }) => ({
    run: makeRun({
      ...fields,
      ...(error === undefined ? {} : { error }),
      ...(tags === undefined ? {} : { tags }),
      ...(outputs === undefined ? {} : { outputs }),
      extra: {
        metadata:
          tokens === undefined ? metadata : { ...metadata, usage_metadata: { input_tokens: tokens, output_tokens: 0 } },
      },
    }),
    feedback,
  }));

const literal = fc.constantFrom<Literal>(...VALUES);
const number = fc.constantFrom<Literal>(0, 1, 2, 2.5, 5, 10);
const text = fc.constantFrom<Literal>("alpha", "beta", "alpha beta");
const comparison = fc.constantFrom("eq", "neq", "gt", "gte", "lt", "lte");
const show = (value: Literal): string => JSON.stringify(value);

const leaf: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(comparison, fc.constantFrom("name", "run_type", "status"), text)
    .map(([op, field, value]) => `${op}(${field}, ${show(value)})`),
  fc
    .tuple(fc.constantFrom("eq", "neq"), fc.constantFrom("error", "end_time", "parent_run_id"))
    .map(([op, field]) => `${op}(${field}, null)`),
  fc
    .tuple(comparison, fc.constantFrom("latency", "total_tokens", "prompt_tokens"), number)
    .map(([op, field, value]) => `${op}(${field}, ${show(value)})`),
  fc.tuple(comparison, fc.constantFrom(0, 1, 3)).map(([op, n]) => `${op}(start_time, "2026-01-15T12:00:0${n}Z")`),
  fc.tuple(comparison, text).map(([op, value]) => `${op}(error, ${show(value)})`),
  word.map((tag) => `has(tags, "${tag}")`),
  fc.array(text, { maxLength: 2 }).map((items) => `in(name, [${items.map(show).join(", ")}])`),
  fc.constantFrom("eq(is_root, true)", "neq(is_root, false)", "eq(is_root, false)"),
  fc
    .tuple(
      fc.constantFrom("", "name, ", "error, ", "inputs, ", "outputs, ", "metadata, ", "tags, "),
      fc.constantFrom("alpha", "alpha beta", "bet", "gamma alpha", "!"),
    )
    .map(([field, value]) => `search(${field}"${value}")`),
  fc
    .tuple(
      fc.constantFrom("eq", "neq"),
      fc.constantFrom("metadata_key", "input_key", "output_key", "feedback_key"),
      fc.constantFrom(...KEYS),
    )
    .map(([op, field, key]) => `${op}(${field}, '${key}')`),
  fc
    .tuple(
      comparison,
      fc.constantFrom("metadata_value", "input_value", "output_value"),
      literal.filter((value) => typeof value !== "boolean"),
    )
    .map(([op, field, value]) => `${op}(${field}, ${show(value)})`),
  fc
    .tuple(fc.constantFrom("metadata_value", "output_value"), fc.array(literal, { maxLength: 3 }))
    .map(([field, items]) => `in(${field}, [${items.map(show).join(", ")}])`),
  fc.tuple(comparison, number).map(([op, value]) => `${op}(feedback_score, ${show(value)})`),
);

const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc
      .tuple(fc.constantFrom("and", "or"), fc.array(tie("filter"), { minLength: 1, maxLength: 4 }))
      .map(([op, args]) => `${op}(${args.join(", ")})`),
    tie("filter").map((arg) => `not(${arg})`),
  ),
}));

let data: DataDirectory;
beforeAll(() => {
  data = openDataDirectory(":memory:", "serve");
});
afterAll(() => data.close());

function matching(db: Db, source: string, ids: readonly string[]): Set<string> {
  const { text, values } = compileFilter(source, "filter", "r");
  const rows = db.query(`SELECT r.id FROM runs r WHERE ${text}`).all(...values);
  const known = new Set(ids);
  return new Set(rows.map((row) => String(row["id"])).filter((id) => known.has(id)));
}

test("a compiled filter finds what the evaluator says, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.array(sample, { minLength: 1, maxLength: 8 }),
      fc.array(filter, { minLength: 1, maxLength: 6 }),
      (samples, filters) => {
        const runs = samples.map(({ run }) => run);
        store(
          data.db,
          {
            operations: runs.map((run) => ({ kind: "post", run })),
            attachments: [],
            feedback: samples.flatMap(({ run, feedback }) =>
              feedback.map((one) => ({ ...one, run_id: run.id, trace_id: run.trace_id })),
            ),
          },
          100,
        );
        const ids = runs.map((run) => run.id);
        for (const source of filters) {
          const tree = parseFilter(source, "filter");
          const expected = new Set(samples.filter((one) => holds(tree, one)).map(({ run }) => run.id));
          expect([source, matching(data.db, source, ids)]).toEqual([source, expected]);
        }
        // A new database each time would say the same, more slowly.
        retain(data.db, { maxAgeMillis: 0, maxBytes: Number.POSITIVE_INFINITY }, nowMicros() + SECOND);
      },
    ),
    { numRuns: 300 },
  );
});

// ---- The evaluator: written from the page and the table, knowing nothing of SQL.

type Pair = readonly [key: string, value: string | number | boolean | null];

function holds(node: Filter, one: Sample): boolean {
  switch (node.kind) {
    case "not":
      return !holds(node.arg, one);
    case "or":
      return node.args.some((arg) => holds(arg, one));
    case "and": {
      const pairs = node.args.flatMap((arg) => (arg.kind === "compare" && isPairTest(arg) ? [arg] : []));
      return node.args.filter((arg) => !isPairTest(arg)).every((arg) => holds(arg, one)) && pairsHold(pairs, one);
    }
    case "search":
      return searched(one.run, node.field).some((column) => containsWords(column, node.text));
    default:
      if (isPairTest(node)) return pairsHold([node], one);
      if (node.field === "tags") return tagsOf(one.run).includes(String(node.value));
      return compares(node.op, plainValue(one.run, node.field), readLiteral(node.field, node.value));
  }
}

type Compare = Extract<Filter, { kind: "compare" }>;

function isPairTest(node: Filter): boolean {
  return node.kind === "compare" && /_(key|value|score)$/.test(node.field);
}

function kindOf(node: Compare): string {
  return node.field.replace(/_(key|value|score)$/, "");
}

function pairsHold(tests: readonly Compare[], one: Sample): boolean {
  return ["metadata", "input", "output", "feedback"].every((kind) => {
    const own = tests.filter((node) => kindOf(node) === kind);
    const pairs = pairsOf(one, kind);
    const isKey = (node: Compare): boolean => node.field.endsWith("_key");
    const groups: { key: Compare | undefined; values: Compare[] }[] = [];
    const loose: Compare[] = [];
    for (const node of own) {
      if (isKey(node)) {
        // "does not have the key", whatever stands beside it
        if (node.op === "neq" && pairs.some(([key]) => key === node.value)) return false;
        if (node.op !== "neq") groups.push({ key: node, values: [] });
      } else if (groups.length > 0) groups.at(-1)?.values.push(node);
      else loose.push(node);
    }
    if (groups[0]) groups[0].values.push(...loose);
    else {
      const positive = loose.filter((node) => node.op !== "neq");
      if (positive.length > 0) groups.push({ key: undefined, values: positive });
      const absent = loose.filter((node) => node.op === "neq");
      if (absent.some((node) => pairs.some(([, value]) => sameValue(value, node.value)))) return false;
    }
    return groups.every(({ key, values }) =>
      pairs.some(
        ([name, value]) =>
          (!key || compares(key.op, name, key.value)) && values.every((node) => valueHolds(node, value)),
      ),
    );
  });
}

function valueHolds(node: Compare, value: Pair[1]): boolean {
  if (node.op === "eq") return sameValue(value, node.value);
  if (node.op === "neq") return value !== null && !sameValue(value, node.value);
  if (node.op === "in") return listOf(node.value).some((item) => sameValue(value, item));
  return typeof value === typeof node.value && compares(node.op, value, node.value);
}

function listOf(value: Compare["value"]): readonly Literal[] {
  return typeof value === "object" && value !== null ? value : [value];
}

function sameValue(value: Pair[1], wanted: Compare["value"]): boolean {
  return value !== null && wanted !== null && String(value) === String(wanted);
}

function pairsOf(one: Sample, kind: string): Pair[] {
  if (kind === "feedback") return one.feedback.map(({ key, score }) => [key, score]);
  const extra = one.run["extra"] as { metadata: Record<string, Pair[1]> };
  const source = kind === "metadata" ? extra.metadata : ((one.run[`${kind}s`] ?? {}) as Record<string, Pair[1]>);
  return Object.entries(source).flatMap(([key, value]): Pair[] =>
    typeof value === "object" && value !== null
      ? [[key, null], ...Object.entries(value).map(([name, item]): Pair => [`${key}.${name}`, item as Pair[1]])]
      : [[key, value]],
  );
}

function plainValue(run: TestRun, field: string): string | number | boolean | null {
  const [start, end] = [parseTime(run["start_time"]) ?? 0, parseTime(run["end_time"]) ?? null];
  const tokens = pairsOf({ run, feedback: [] }, "metadata").find(([key]) => key === "usage_metadata.input_tokens")?.[1];
  switch (field) {
    case "status":
      return end === null ? "pending" : run["error"] ? "error" : "success";
    case "latency":
      return end === null ? null : (end - start) / 1e6;
    case "start_time":
      return start;
    case "end_time":
      return end;
    case "is_root":
      return true;
    case "total_tokens":
    case "prompt_tokens":
      return tokens ?? 0;
    default:
      return (run[field] as string | undefined) ?? null;
  }
}

function readLiteral(field: string, value: Compare["value"]): Compare["value"] {
  return field.endsWith("_time") && typeof value === "string" ? (parseTime(value) ?? null) : value;
}

function compares(op: string, left: Pair[1], right: Compare["value"]): boolean {
  if (op === "in") return left !== null && listOf(right).includes(left);
  if (typeof right === "object" && right !== null) throw new Error("a list only with in");
  if (op === "eq") return left === right;
  if (op === "neq") return left !== right;
  if (left === null || right === null) return false;
  return { gt: left > right, gte: left >= right, lt: left < right, lte: left <= right }[op] ?? false;
}

function tagsOf(run: TestRun): string[] {
  return (run["tags"] as string[] | undefined) ?? [];
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

function searched(run: TestRun, field: string | undefined): string[] {
  const extra = run["extra"] as { metadata: unknown };
  const columns: Record<string, unknown> = {
    name: run["name"],
    error: run["error"],
    inputs: run["inputs"],
    outputs: run["outputs"],
    tags: run["tags"],
    metadata: extra.metadata,
  };
  return (field === undefined ? Object.values(columns) : [columns[field]]).map((value) => stringsIn(value).join("\n"));
}

// Words one after the other, the last one perhaps only begun.
function containsWords(column: string, wanted: string): boolean {
  const words = (source: string): string[] => source.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const [have, want] = [words(column), words(wanted)];
  const last = want.pop();
  if (last === undefined) return false;
  return have.some(
    (_, from) =>
      want.every((one, index) => have[from + index] === one) && (have[from + want.length] ?? "").startsWith(last),
  );
}
