// Conditions for which each run's content is read: asked piece by piece, so that a time limit can stop them.
import { numberOf } from "../json.js";
import type { Db } from "../storage/database.js";
import { type Sql, sql } from "./sql.js";

const FIRST_PIECE = 1000;
const MAX_PIECE = 50_000;
const MIN_PIECE = 100;
const PIECE_MILLIS = 100;

/** How many runs the next piece takes, so that it takes about a tenth of a second. */
export class PieceSize {
  #size = FIRST_PIECE;
  #began = performance.now();

  get value(): number {
    return this.#size;
  }

  next(): void {
    const now = performance.now();
    const factor = Math.min(4, Math.max(0.25, PIECE_MILLIS / Math.max(now - this.#began, 1)));
    this.#size = Math.round(Math.min(MAX_PIECE, Math.max(MIN_PIECE, this.#size * factor)));
    this.#began = now;
  }
}

/** What is asked of all runs first, so that what asks further has a list of numbers. */
export interface Question {
  /** The numbers of the runs `r` that pass, or of their traces. */
  readonly column: "no" | "trace";
  readonly condition: Sql;
  /** Only roots are asked. */
  readonly ofRoots?: boolean;
  /** Without it one statement asks all: what an index finds it would find for each piece anew. */
  readonly inPieces: boolean;
}

/** The numbers that a question finds, as a list in SQL. */
export function resolved(db: Db, { column, condition, ofRoots = false, inPieces }: Question): Sql {
  // The root's id is its trace's.
  const roots = ofRoots ? "JOIN traces rt ON rt.no = r.trace AND rt.id = r.id" : "";
  const statement = db.query(
    `SELECT r.${column} AS value FROM runs r ${roots} WHERE r.no BETWEEN ? AND ? AND ${condition.text}`,
  );
  const last = numberOf(db.prepare("SELECT max(no) AS last FROM runs").get()?.["last"]) ?? 0;
  const found = new Set<number>();
  const size = new PieceSize();
  for (let first = 1; first <= last; ) {
    const end = inPieces ? first + size.value - 1 : last;
    for (const row of statement.all(first, end, ...condition.values)) found.add(Number(row["value"]));
    first = end + 1;
    size.next();
  }
  return sql("(SELECT value FROM json_each(?))", JSON.stringify([...found]));
}
