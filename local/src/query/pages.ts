// Runs page by page, in order of time.
import { Refusal } from "../errors.js";
import type { Db, Row } from "../storage/database.js";
import { PieceSize } from "./in-pieces.js";
import { columnsFor, type RunField } from "./run-fields.js";
import { RUN_TABLES } from "./serialize.js";
import { type Sql, sql } from "./sql.js";
import { joined, type Where } from "./where.js";

/** A page of runs. */
export interface Page {
  readonly rows: Row[];
  readonly next: string | null;
  readonly previous: string | null;
}

interface Cursor {
  readonly startMicros: number;
  readonly no: number;
  readonly isBack: boolean;
}

/** The rows of one page, newest first unless `order` says `asc`. */
export function pageOfRuns(
  db: Db,
  where: Where,
  options: { order: "asc" | "desc"; limit: number; cursor?: string | undefined; fields: ReadonlySet<RunField> },
): Page {
  const cursor = options.cursor ? readCursor(options.cursor) : undefined;
  const isAscending = (options.order === "asc") !== (cursor?.isBack ?? false);
  const window = { columns: columnsFor(options.fields), isAscending, after: cursor };
  const rows = where.reading
    ? rowsByWindows(db, joined([where, where.reading]), window, options.limit + 1)
    : rowsOf(db, where, window, options.limit + 1);
  const isMore = rows.length > options.limit;
  if (isMore) rows.length = options.limit;
  const forward = cursor?.isBack ? rows.toReversed() : rows;
  const [first, last] = [forward[0], forward.at(-1)];
  const hasNext = cursor?.isBack ? true : isMore;
  const hasPrevious = cursor?.isBack ? isMore : cursor !== undefined;
  return {
    rows: forward,
    next: hasNext && last ? writeCursor(last, false) : null,
    previous: hasPrevious && first ? writeCursor(first, true) : null,
  };
}

/** A place in the order of time. */
type At = Pick<Cursor, "startMicros" | "no">;

interface Window {
  readonly columns: string;
  readonly isAscending: boolean;
  /** Behind it the window begins. */
  readonly after: At | undefined;
  /** With it the window ends. */
  readonly last?: At;
}

function rowsOf(db: Db, where: Sql, { columns, isAscending, after, last }: Window, limit: number): Row[] {
  const [behind, upTo, direction] = isAscending ? [">", "<=", "ASC"] : ["<", ">=", "DESC"];
  const bound = (sign: string, at: At | undefined): Sql =>
    at ? sql(` AND (r.start_us, r.no) ${sign} (?, ?)`, at.startMicros, at.no) : sql("");
  const [from, to] = [bound(behind, after), bound(upTo, last)];
  // The page's numbers first, from narrow rows; the long columns are read for these alone.
  return db
    .query(
      `WITH page AS MATERIALIZED (
         SELECT r.no AS page_no, r.start_us AS page_us FROM runs r WHERE ${where.text}${from.text}${to.text}
         ORDER BY r.start_us ${direction}, r.no ${direction} LIMIT ?
       )
       SELECT ${columns} FROM page CROSS JOIN ${RUN_TABLES.replace("runs r", "runs r ON r.no = page_no")}
       ORDER BY page_us ${direction}, page_no ${direction}`,
    )
    .all(...where.values, ...from.values, ...to.values, limit);
}

// The runs in order of time, some thousands after the other, until there are enough.
function rowsByWindows(db: Db, where: Sql, whole: Window, limit: number): Row[] {
  const rows: Row[] = [];
  const size = new PieceSize();
  for (let { after } = whole; ; size.next()) {
    const last = placeBehind(db, after, size.value, whole.isAscending);
    rows.push(...rowsOf(db, where, { ...whole, after, ...(last ? { last } : {}) }, limit - rows.length));
    if (!last || rows.length >= limit) return rows;
    after = last;
  }
}

function placeBehind(db: Db, after: At | undefined, count: number, isAscending: boolean): At | undefined {
  const [sign, direction] = isAscending ? [">", "ASC"] : ["<", "DESC"];
  const row = db
    .query(
      `SELECT r.start_us, r.no FROM runs r ${after ? `WHERE (r.start_us, r.no) ${sign} (?, ?)` : ""}
       ORDER BY r.start_us ${direction}, r.no ${direction} LIMIT 1 OFFSET ?`,
    )
    .get(...(after ? [after.startMicros, after.no] : []), count - 1);
  return row && { startMicros: Number(row["start_us"]), no: Number(row["no"]) };
}

function writeCursor(row: Row, isBack: boolean): string {
  return Buffer.from(JSON.stringify([row["start_us"], row["no"], isBack ? 1 : 0])).toString("base64url");
}

function readCursor(text: string): Cursor {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (Array.isArray(value)) {
      const [startMicros, no, isBack]: unknown[] = value;
      if (Number.isSafeInteger(startMicros) && Number.isSafeInteger(no)) {
        return { startMicros: Number(startMicros), no: Number(no), isBack: isBack === 1 };
      }
    }
  } catch {
    // Falls through to the refusal.
  }
  throw new Refusal(400, "cursor is not one that this server gave out");
}
