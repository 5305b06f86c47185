// Tests of keys and values that stand in one `and`: which of them speak of the same pair, and what that is in SQL.
import { keyToken, type PairKind, pairToken, valueText, valueToken } from "../ingest/pairs.js";
import { matchFor, type TextColumn } from "../ingest/text.js";
import { type SqlValue, storedJson, storedList } from "../storage/database.js";
import { type Context, facetsSql, type Sql, sql, textSql } from "./sql.js";
import type { Literal } from "./syntax.js";

/** A comparison of one half of a pair. */
export interface PairTest {
  readonly of: PairKind | "feedback";
  readonly half: "key" | "value";
  readonly op: "eq" | "neq" | "gt" | "gte" | "lt" | "lte" | "in" | "search";
  readonly value: Literal | readonly Literal[];
  /** Where its value stands in the filter. */
  readonly at: number;
  readonly text: TextColumn | undefined;
}

/** Tests that one and the same pair must pass. */
interface Group {
  readonly keys: PairTest[];
  readonly values: PairTest[];
}

/**
 * The conditions of one `and`, by this table (k a key, v a value):
 *
 * | tests | the run |
 * | --- | --- |
 * | `eq(key, k)` | has the key |
 * | `eq(key, k)`, `eq(value, v)` | has the pair |
 * | `eq(key, k)`, `neq(value, v)` | has the key with another value |
 * | `neq(key, k)` | does not have the key |
 * | `neq(key, k)`, `neq(value, v)` | has neither the key nor the value anywhere |
 * | `neq(key, k)`, `eq(value, v)` | does not have the key, but the value under some key |
 *
 * Several keys in one `and` are several pairs; a value belongs to the key before it, or to the first.
 */
export function compilePairs(tests: readonly PairTest[], context: Context): Sql[] {
  const kinds = new Set(tests.map((test) => test.of));
  return [...kinds].flatMap((kind) =>
    compileKind(
      kind,
      tests.filter((test) => test.of === kind),
      context,
    ),
  );
}

function compileKind(kind: PairTest["of"], tests: readonly PairTest[], context: Context): Sql[] {
  const exists = kind === "feedback" ? feedbackExists : pairExists;
  const absent = (test: PairTest): Sql => {
    const equal: PairTest = { ...test, op: "eq" };
    const group = test.half === "key" ? { keys: [equal], values: [] } : { keys: [], values: [equal] };
    const found = exists(kind, group, context);
    return sql(`NOT (${found.text})`, ...found.values);
  };
  const groups: Group[] = [];
  const loose: PairTest[] = [];
  const absentees: PairTest[] = [];
  for (const test of tests) {
    if (test.half === "key" && test.op === "neq") absentees.push(test);
    else if (test.half === "key") groups.push({ keys: [test], values: [] });
    else if (groups.length > 0) groups.at(-1)?.values.push(test);
    else loose.push(test);
  }
  // Values named before the first key are that key's; without a key, what must be is one pair, what must not is none.
  const [first] = groups;
  if (first) first.values.unshift(...loose);
  else {
    const positive = loose.filter((test) => test.op !== "neq");
    if (positive.length > 0) groups.push({ keys: [], values: positive });
    absentees.push(...loose.filter((test) => test.op === "neq"));
  }
  return [...groups.map((group) => exists(kind, group, context)), ...absentees.map(absent)];
}

function literalsOf(test: PairTest): readonly Literal[] {
  return typeof test.value === "object" && test.value !== null ? test.value : [test.value];
}

// As many key-value tokens as this are looked up; beyond it the pairs are read.
const MAX_TOKENS = 400;

function pairExists(kind: PairTest["of"], group: Group, context: Context): Sql {
  if (kind === "feedback") return feedbackExists(kind, group, context);
  const { keys, values } = group;
  const [key] = keys;
  const [value] = values;
  const isExact = (test: PairTest): boolean =>
    (test.op === "eq" || test.op === "in") && !literalsOf(test).includes(null);
  const keyTexts = key && isExact(key) ? literalsOf(key).map(String) : undefined;
  if (key && keyTexts && values.length === 0)
    return facetsSql(
      keyTexts.map((text) => keyToken(kind, text)),
      context,
    );
  if (value && values.length === 1 && isExact(value)) {
    const literals = literalsOf(value);
    if (!key)
      return facetsSql(
        literals.map((literal) => valueToken(kind, literal)),
        context,
      );
    if (keyTexts && keyTexts.length * literals.length <= MAX_TOKENS) {
      const tokens = keyTexts.flatMap((text) => literals.map((literal) => pairToken(kind, text, literal)));
      return facetsSql(tokens, context);
    }
  }
  if (!key && value && values.length === 1 && value.op === "search") {
    return textSql(matchFor(String(value.value), value.text), value.at, context);
  }
  const narrowed = keyTexts
    ? facetsSql(
        keyTexts.map((text) => keyToken(kind, text)),
        context,
      )
    : undefined;
  const read = readPairs(kind, group, context);
  return narrowed ? sql(`${narrowed.text} AND ${read.text}`, ...narrowed.values, ...read.values) : read;
}

const OPERATORS = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

function readPairs(kind: PairKind, group: Group, context: Context): Sql {
  context.onReading((group.keys[0] ?? group.values[0])?.at ?? 0);
  const parts = [
    ...group.keys.map((test) => keySql(test, context)),
    ...group.values.map((test) => valueSql(test, context)),
  ];
  const values: SqlValue[] = parts.flatMap((part) => part.values);
  return sql(
    `EXISTS (SELECT 1 FROM contents pc, json_each(pc.pairs, '$.${kind}') pe WHERE pc.run = ${context.alias}.no
       AND ${parts.map((part) => `(${part.text})`).join(" AND ")})`,
    ...values,
  );
}

const KEY = "json_extract(pe.value, '$[0]')";
const VALUE = "json_extract(pe.value, '$[1]')";
const TYPE = "json_type(pe.value, '$[1]')";

function keySql(test: PairTest, context: Context, listed: (texts: readonly string[]) => string = storedJson): Sql {
  const texts = literalsOf(test).map((value) => {
    return value === null ? context.fail(test.at, "a key is a text") : String(value);
  });
  if (test.op === "search") return sql(`${KEY} LIKE ? ESCAPE '\\'`, containing(texts[0] ?? ""));
  if (test.op === "eq" || test.op === "in" || test.op === "neq") {
    return sql(`${KEY} IN (SELECT value FROM json_each(?))`, listed(texts));
  }
  return sql(`${KEY} ${OPERATORS[test.op]} ?`, texts[0] ?? "");
}

function valueSql(test: PairTest, context: Context): Sql {
  const literals = literalsOf(test);
  if (test.op === "search")
    return sql(`${TYPE} = 'text' AND ${VALUE} LIKE ? ESCAPE '\\'`, containing(String(test.value)));
  if (test.op === "eq" || test.op === "in") return anyOf(literals.map(equals));
  const [literal = null] = literals;
  if (test.op === "neq") {
    const same = equals(literal);
    // A key that holds an object or nothing has no value, so no other value either.
    return sql(literal === null ? `NOT (${same.text})` : `${TYPE} <> 'null' AND NOT (${same.text})`, ...same.values);
  }
  if (typeof literal === "number")
    return sql(`${TYPE} IN ('integer', 'real') AND ${VALUE} ${OPERATORS[test.op]} ?`, literal);
  if (typeof literal === "string") return sql(`${TYPE} = 'text' AND ${VALUE} ${OPERATORS[test.op]} ?`, literal);
  return context.fail(test.at, `${test.op} compares with a number or a text`);
}

function anyOf(parts: readonly Sql[]): Sql {
  if (parts.length === 0) return sql("0");
  return sql(parts.map((part) => `(${part.text})`).join(" OR "), ...parts.flatMap((part) => part.values));
}

// A number and its text are the same value, as they are for the tokens.
function equals(literal: Literal): Sql {
  if (literal === null) return sql(`${TYPE} = 'null'`);
  const text = valueText(literal);
  if (text === "true" || text === "false") return sql(`${TYPE} = ? OR (${TYPE} = 'text' AND ${VALUE} = ?)`, text, text);
  const number = Number(text);
  if (text.trim() !== "" && String(number) === text) {
    return sql(
      `(${TYPE} = 'text' AND ${VALUE} = ?) OR (${TYPE} IN ('integer', 'real') AND ${VALUE} = ?)`,
      text,
      number,
    );
  }
  return sql(`${TYPE} = 'text' AND ${VALUE} = ?`, text);
}

function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&")}%`;
}

function feedbackExists(_kind: PairTest["of"], group: Group, context: Context): Sql {
  const parts = [
    ...group.keys.map((test) => feedbackKeySql(test, context)),
    ...group.values.map((test) => scoreSql(test, context)),
  ];
  const where = ["f.run_id IS NOT NULL", ...parts.map((part) => `(${part.text})`)].join(" AND ");
  return sql(
    `${context.alias}.id IN (SELECT f.run_id FROM feedback f WHERE ${where})`,
    ...parts.flatMap((part) => part.values),
  );
}

function feedbackKeySql(test: PairTest, context: Context): Sql {
  const part = keySql(test, context, storedList);
  return sql(part.text.replaceAll(KEY, "f.key"), ...part.values);
}

function scoreSql(test: PairTest, context: Context): Sql {
  const number = (literal: Literal): number => {
    const value = typeof literal === "boolean" ? Number(literal) : literal;
    const read = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    return typeof read === "number" && Number.isFinite(read)
      ? read
      : context.fail(test.at, `feedback_score takes a number, not ${JSON.stringify(literal)}`);
  };
  const [literal = null] = literalsOf(test);
  switch (test.op) {
    case "search":
      return context.fail(test.at, "feedback_score is a number and cannot be searched");
    case "in":
      return sql("f.score IN (SELECT value FROM json_each(?))", JSON.stringify(literalsOf(test).map(number)));
    case "eq":
      return literal === null ? sql("f.score IS NULL") : sql("f.score = ?", number(literal));
    case "neq":
      return literal === null ? sql("f.score IS NOT NULL") : sql("f.score <> ?", number(literal));
    default:
      return sql(`f.score ${OPERATORS[test.op]} ?`, number(literal));
  }
}
