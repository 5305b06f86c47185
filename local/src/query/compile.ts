// A filter as a SQL condition on one run, every value bound. Two-valued: what compares with nothing is false.

import { tagToken } from "../ingest/pairs.js";
import { matchFor } from "../ingest/text.js";
import { storedList } from "../storage/database.js";
import { FIELDS, type Field, type PlainField } from "./fields.js";
import { compilePairs, type PairTest } from "./pair-tests.js";
import { type Context, facetsSql, type Sql, sql, textSql } from "./sql.js";
import { type Filter, FilterError, type Literal, parseFilter } from "./syntax.js";

/** A compiled filter. */
export interface CompiledFilter extends Sql {
  /** Whether each run's content is read for it, since no index serves one of its tests. */
  readonly reads: boolean;
  /** Whether the full-text index is asked. */
  readonly searches: boolean;
}

// Each asks an index or reads every run: a filter of so many is a program's, not a person's.
const MAX_SEARCHES = 20;
const MAX_READINGS = 20;

/**
 * Compiles a filter about the run under `alias`, which is a row of `runs`.
 * @param argument the request's argument, for messages
 * @throws FilterError pointing at the place
 */
export function compileFilter(source: string, argument: string, alias: string): CompiledFilter {
  const fail = (at: number, problem: string): never => {
    throw new FilterError(argument, source, at, problem);
  };
  let [searches, readings] = [0, 0];
  const context: Context = {
    alias,
    fail,
    onSearch(at) {
      searches += 1;
      if (searches > MAX_SEARCHES) fail(at, `a filter has at most ${MAX_SEARCHES} searches`);
    },
    onReading(at) {
      readings += 1;
      if (readings > MAX_READINGS) fail(at, `a filter has at most ${MAX_READINGS} tests that no index serves`);
    },
  };
  const { text, values } = compile(parseFilter(source, argument), context, false);
  return { text: `(${text})`, values, reads: readings > 0, searches: searches > 0 };
}

type Compare = Extract<Filter, { kind: "compare" }>;
type Search = Extract<Filter, { kind: "search" }>;

function compile(filter: Filter, context: Context, isNegated: boolean): Sql {
  switch (filter.kind) {
    case "not":
      return compile(filter.arg, context, !isNegated);
    case "and":
    case "or":
      return combine(filter.kind, filter.args, context, isNegated);
    default:
      return negatable(leaf(filter, context), isNegated);
  }
}

// Tests of pairs inside one `and` belong together; everywhere else each stands alone.
function combine(kind: "and" | "or", args: readonly Filter[], context: Context, isNegated: boolean): Sql {
  const pairs: PairTest[] = [];
  const parts: Sql[] = [];
  for (const arg of args) {
    const test = kind === "and" ? pairTestOf(arg, context) : undefined;
    if (test) pairs.push(test);
    else parts.push(compile(arg, context, isNegated));
  }
  for (const part of compilePairs(pairs, context)) parts.push(negatable(part, isNegated));
  const glue = (kind === "and") !== isNegated ? " AND " : " OR ";
  return {
    text: parts.map((part) => `(${part.text})`).join(glue),
    values: parts.flatMap((part) => part.values),
  };
}

// NOT of an unknown is unknown in SQL; here what is not known to hold does not hold.
function negatable(part: Sql, isNegated: boolean): Sql {
  return isNegated ? { text: `NOT COALESCE((${part.text}), 0)`, values: part.values } : part;
}

function leaf(filter: Compare | Search, context: Context): Sql {
  const test = pairTestOf(filter, context);
  if (test) {
    const parts = compilePairs([test], context);
    return { text: parts.map((part) => part.text).join(" AND "), values: parts.flatMap((part) => part.values) };
  }
  if (filter.kind === "search") return searchSql(filter, context);
  const field = fieldNamed(filter.field, filter.fieldAt, context);
  if (field.kind === "tags") return tagsSql(filter, context);
  if (field.kind !== "plain") return context.fail(filter.fieldAt, `${filter.field} can only be searched`);
  return plainSql(filter, field, context);
}

function fieldNamed(name: string, at: number, context: Context): Field {
  return FIELDS.get(name) ?? context.fail(at, `there is no field ${name}; there are ${[...FIELDS.keys()].join(", ")}`);
}

function pairTestOf(filter: Filter, context: Context): PairTest | undefined {
  if (filter.kind !== "compare" && filter.kind !== "search") return undefined;
  if (filter.field === undefined) return undefined;
  const field = fieldNamed(filter.field, filter.fieldAt, context);
  if (field.kind !== "pair") return undefined;
  if (filter.kind === "search") {
    return { of: field.of, half: field.half, op: "search", value: filter.text, at: filter.at, text: field.text };
  }
  if (filter.op === "has") return context.fail(filter.at, "has is for tags; for keys and values there is eq");
  return { of: field.of, half: field.half, op: filter.op, value: filter.value, at: filter.valueAt, text: field.text };
}

const OPERATORS = { eq: "=", gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

function plainSql(filter: Compare, field: PlainField, context: Context): Sql {
  const column = field.sql.replaceAll("r.", `${context.alias}.`);
  if (field.reads) context.onReading(filter.at);
  const read = (value: Literal): string | number => {
    const bound = value === null ? undefined : field.read(value);
    return bound ?? context.fail(filter.valueAt, `${filter.field} takes ${field.takes}, not ${JSON.stringify(value)}`);
  };
  const { op, value } = filter;
  if (op === "has") return context.fail(filter.at, `has is for tags; for ${filter.field} there is eq`);
  if (op === "in") {
    const items = Array.isArray(value) ? value : [];
    const known = items.filter((item) => item !== null).map(read);
    const among = sql(`${column} IN (SELECT value FROM json_each(?))`, storedList(known));
    return items.length > known.length ? sql(`${among.text} OR ${column} IS NULL`, ...among.values) : among;
  }
  if (Array.isArray(value)) return context.fail(filter.valueAt, `${op} takes one value`);
  const single = singleOf(value);
  if (op === "eq" || op === "neq") {
    const no = op === "neq" ? "NOT " : "";
    if (filter.field === "error" && single === null) return sql(`${context.alias}.has_error = ${op === "eq" ? 0 : 1}`);
    if (single === null) return sql(`${column} IS ${no}NULL`);
    // `=` where it can be: only it finds its way through an index.
    return sql(op === "eq" ? `${column} = ?` : `${column} IS NOT ?`, read(single));
  }
  if (single === null)
    return context.fail(filter.valueAt, `${op} compares with a value; for null there are eq and neq`);
  return sql(`${column} ${OPERATORS[op]} ?`, read(single));
}

function singleOf(value: Literal | readonly Literal[]): Literal {
  return typeof value === "object" && value !== null ? (value[0] ?? null) : value;
}

function tagsSql(filter: Compare, context: Context): Sql {
  const { op, value } = filter;
  if (op !== "has" && op !== "eq" && op !== "neq" && op !== "in") {
    return context.fail(filter.at, `tags are tested with has, not with ${op}`);
  }
  const tags = (Array.isArray(value) ? value : [value]).map((tag) =>
    tag === null ? context.fail(filter.valueAt, "a tag is a text") : String(tag),
  );
  const found = facetsSql(tags.map(tagToken), context);
  return op === "neq" ? sql(`NOT (${found.text})`, ...found.values) : found;
}

function searchSql(filter: Search, context: Context): Sql {
  if (filter.field === undefined) return textSql(matchFor(filter.text), filter.at, context);
  const field = fieldNamed(filter.field, filter.fieldAt, context);
  if (!field.text) return context.fail(filter.fieldAt, `${filter.field} is not a text that can be searched`);
  return textSql(matchFor(filter.text, field.text), filter.at, context);
}
