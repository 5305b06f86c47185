// Pieces of SQL with the values they bind, and the two indexes that hold what runs say.
import type { SqlValue } from "../storage/database.js";

/** A piece of SQL and the values it binds, in order. */
export interface Sql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

export function sql(text: string, ...values: SqlValue[]): Sql {
  return { text, values };
}

/** What the compiling of one filter shares. */
export interface Context {
  /** The row of `runs` that the filter is about. */
  readonly alias: string;
  readonly fail: (at: number, problem: string) => never;
  /** Called for a test that no index serves, so that each run's content is read for it. */
  readonly onReading: (at: number) => void;
  /** Called for a test that asks the full-text index. */
  readonly onSearch: (at: number) => void;
}

/** The runs that have any of the tokens. */
export function facetsSql(tokens: readonly string[], context: Context): Sql {
  if (tokens.length === 0) return sql("0");
  return sql(`${runNo(context)} IN (SELECT rowid FROM facets WHERE facets MATCH ?)`, tokens.join(" OR "));
}

/** The runs that the full-text index finds. */
export function textSql(match: string | undefined, at: number, context: Context): Sql {
  context.onSearch(at);
  if (match === undefined) return sql("0");
  return sql(`${runNo(context)} IN (SELECT rowid FROM texts WHERE texts MATCH ?)`, match);
}

// Where runs are listed (r) in order of time, the order's index leads and the found numbers are looked up in a set:
// never slow, whether five are found or all. Where a set of runs is wanted, what was found leads.
function runNo(context: Context): string {
  return context.alias === "r" ? "+r.no" : `${context.alias}.no`;
}
