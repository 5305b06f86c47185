// `runs`: a query from a shell, page by page, so that a long answer begins at once and never stands in memory.
import { once } from "node:events";
import { parseArgs } from "node:util";
import { LocalServerError } from "../errors.js";
import type { JsonObject } from "../json.js";
import { pageOfRuns } from "../query/pages.js";
import type { RunField } from "../query/run-fields.js";
import { serializeRuns } from "../query/serialize.js";
import { pageWhereOf, type Where } from "../query/where.js";
import type { Db } from "../storage/database.js";
import { openDataDirectory } from "../storage/open.js";
import { projectByName } from "../storage/projects.js";
import { parseTime } from "../time.js";
import { type Format, formatterOf } from "./format.js";
import { DEFAULT_DATA } from "./serve.js";

const PAGE = 200;

/** Prints the runs that the arguments ask for; resolves to the exit code. */
export async function printRuns(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      filter: { type: "string" },
      "trace-filter": { type: "string" },
      "tree-filter": { type: "string" },
      project: { type: "string" },
      root: { type: "boolean" },
      since: { type: "string" },
      limit: { type: "string" },
      order: { type: "string", default: "desc" },
      format: { type: "string", default: "table" },
      data: { type: "string", default: DEFAULT_DATA },
    },
  });
  const format = formatOf(values.format);
  const { order } = values;
  if (order !== "asc" && order !== "desc") throw bad("--order", "asc or desc");
  const limit = values.limit === undefined ? Number.POSITIVE_INFINITY : Number(values.limit);
  if (!(limit > 0) || (values.limit !== undefined && !Number.isInteger(limit))) {
    throw bad("--limit", "a whole number above 0");
  }
  const startMicros = values.since === undefined ? undefined : parseTime(values.since);
  if (values.since !== undefined && startMicros === undefined) throw bad("--since", "an ISO 8601 time");

  const data = openDataDirectory(values.data, "read");
  try {
    const where = pageWhereOf(data.db, {
      projectIds: values.project === undefined ? undefined : [projectIdOf(data.db, values.project)],
      filter: values.filter,
      traceFilter: values["trace-filter"],
      treeFilter: values["tree-filter"],
      isRoot: values.root ? true : undefined,
      startMicros,
    });
    const { header, line, fields } = formatterOf(format);
    if (header) await write(`${header}\n`);
    for (const run of pages(data.db, where, order, limit, fields)) if (!(await write(`${line(run)}\n`))) break;
    return 0;
  } finally {
    data.close();
  }
}

function projectIdOf(db: Db, name: string): string {
  const project = projectByName(db, name);
  if (!project) throw new LocalServerError("LSB_ERR_LOCAL_OPTION", `There is no project ${JSON.stringify(name)}.`);
  return project.id;
}

function* pages(
  db: Db,
  where: Where,
  order: "asc" | "desc",
  limit: number,
  fields: ReadonlySet<RunField>,
): Generator<JsonObject> {
  let left = limit;
  let cursor: string | undefined;
  do {
    const page = pageOfRuns(db, where, { order, limit: Math.min(PAGE, left), cursor, fields });
    yield* serializeRuns(db, page.rows, fields);
    left -= page.rows.length;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && left > 0);
}

function formatOf(value: string): Format {
  if (value === "table" || value === "jsonl" || value === "csv") return value;
  throw bad("--format", "table, jsonl or csv");
}

function bad(name: string, takes: string): LocalServerError {
  return new LocalServerError("LSB_ERR_LOCAL_OPTION", `${name} must be ${takes}.`);
}

// False when nobody reads any more (`| head`): the answer's rest is not wanted.
async function write(text: string): Promise<boolean> {
  const { stdout } = process;
  if (stdout.destroyed || stdout.errored) return false;
  if (stdout.listenerCount("error") === 0) stdout.on("error", () => undefined);
  if (!stdout.write(text)) await Promise.race([once(stdout, "drain"), once(stdout, "close")]).catch(() => undefined);
  return !stdout.destroyed;
}
