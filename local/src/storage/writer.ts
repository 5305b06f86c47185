// Takes operations into the database: all of a request in one transaction, or nothing of it.
import { Refusal } from "../errors.js";
import { changesOf, derive, type RunRecord, recordOf } from "../ingest/record.js";
import { idsOf } from "../ingest/rules.js";
import { usageFromColumn } from "../ingest/usage.js";
import { isObject, type JsonObject, numberOf, objectOf, parseJson, stringOf } from "../json.js";
import { nowMicros } from "../time.js";
import { type AttachmentInput, storeAttachment } from "./attachments.js";
import { type Contents, openContents } from "./contents.js";
import type { Db, Row } from "./database.js";
import { type FeedbackInput, storeFeedback } from "./feedback.js";
import { type Project, projectFor } from "./projects.js";
import { openTotals, type Totals } from "./totals.js";
import { adopt, awaitParent, hasUnplaced } from "./unplaced.js";

/** A checked operation. `isPartial`: a patch of one run alone, which may carry the changed fields and no more. */
export interface Operation {
  readonly kind: "post" | "patch";
  readonly run: JsonObject;
  readonly isPartial?: boolean;
  /** The parent that the run's place assumes, since it has not come. */
  readonly awaits?: string;
}

/** What one request brings. */
export interface Intake {
  readonly operations: readonly Operation[];
  readonly feedback: readonly FeedbackInput[];
  readonly attachments: readonly AttachmentInput[];
}

/** What a whole request shares. */
interface Work {
  readonly db: Db;
  readonly now: number;
  readonly totals: Totals;
  readonly contents: Contents;
  /** The ids of the runs that are there, those of this request included as they come. */
  readonly known: Set<string>;
  /** The runs that this request has patched. */
  readonly patched: Set<string>;
  /** Whether runs await a parent: most requests find none, and ask no further. */
  readonly hasUnplaced: boolean;
  readonly projects: Map<string, Project>;
  readonly traces: Map<string, { no: number; runs: number }>;
  readonly maxRunsPerTrace: number;
}

/**
 * Stores a request's operations, feedback and attachments. When it returns, they survive the process.
 * @throws Refusal 409 for an operation that was already received, 400 for a patch that moves a run, 404 for a patch of
 * an unknown run that cannot stand alone, 422 for a trace that is full. Nothing of the request is stored then.
 */
export function store(db: Db, intake: Intake, maxRunsPerTrace: number): void {
  db.transaction(() => {
    const now = nowMicros();
    const totals = openTotals(db);
    const work: Work = {
      db,
      now,
      totals,
      contents: openContents(db, totals, now),
      known: idsKnown(db, intake.operations),
      patched: new Set(),
      hasUnplaced: hasUnplaced(db),
      projects: new Map(),
      traces: new Map(),
      maxRunsPerTrace,
    };
    for (const operation of intake.operations) apply(work, operation);
    work.contents.flush();
    for (const attachment of intake.attachments) storeAttachment(db, attachment, now);
    for (const feedback of intake.feedback) storeFeedback(db, feedback, now);
    work.totals.write();
    for (const trace of work.traces.values()) {
      db.prepare("UPDATE traces SET runs = ?, changed_us = ? WHERE no = ?").run(trace.runs, now, trace.no);
    }
    for (const project of work.projects.values()) {
      db.prepare("UPDATE projects SET last_run_us = ? WHERE no = ?").run(now, project.no);
    }
  });
}

/** Which of the operations' runs are there already: asked once, since a post is almost always of a new run. */
function idsKnown(db: Db, operations: readonly Operation[]): Set<string> {
  const rows = db
    .prepare("SELECT id FROM runs WHERE id IN (SELECT value FROM json_each(?))")
    .all(JSON.stringify(operations.map(({ run }) => idOf(run))));
  return new Set(rows.map((row) => String(row["id"])));
}

const idOf = (run: JsonObject): string => String(run["id"]).toLowerCase();

function apply(work: Work, operation: Operation): void {
  const { kind, run } = operation;
  const id = idOf(run);
  if (!work.known.has(id)) {
    // Without an order nobody can tell where it belongs.
    if (operation.isPartial || run["dotted_order"] == null) throw new Refusal(404, `Run ${id} not found`);
    add(work, operation);
    work.known.add(id);
    if (kind === "patch") work.patched.add(id);
    return;
  }
  // The run may have come in this very request.
  work.contents.flush();
  const known = work.db.prepare("SELECT no, posted, patched, end_us FROM runs WHERE id = ?").get(id);
  const isAgain = numberOf(known?.[kind === "post" ? "posted" : "patched"]) === 1;
  // A run patched twice in one request, as the client does where a stream is cancelled, says more of itself: no reason
  // to refuse its neighbours.
  const goesOn = kind === "patch" && work.patched.has(id);
  if (isAgain && !goesOn) throw new Refusal(409, `payloads already received: ${kind} of run ${id}`);
  if (kind === "patch" && known?.["end_us"] !== null && !goesOn) {
    throw new Refusal(409, `payloads already received: run ${id} was posted complete`);
  }
  update(work, kind, run, Number(known?.["no"]));
  if (kind === "patch") work.patched.add(id);
}

function add(work: Work, { kind, run: wire, awaits }: Operation): void {
  const run = recordOf(wire);
  const project = projectOf(work, run);
  const trace = traceOf(work, run.traceId);
  trace.runs += 1;
  if (work.hasUnplaced) adopt(work.db, { run, trace, project: project.no }, work.totals);
  if (awaits !== undefined) awaitParent(work.db, awaits);
  if (trace.runs > work.maxRunsPerTrace) {
    throw new Refusal(422, `trace ${run.traceId} is full: a trace holds at most ${work.maxRunsPerTrace} runs`);
  }
  const derived = derive(run);
  if (derived.usage) work.totals.add(idsOf(run.dottedOrder), trace.no, derived.usage, 1);
  work.contents.add({ run, derived, trace: trace.no, project: project.no, kind });
}

function update(work: Work, kind: Operation["kind"], wire: JsonObject, no: number): void {
  const { db } = work;
  const { run: stored, ownUsage, trace } = readRecord(db, no);
  const order = stringOf(wire["dotted_order"]);
  if (order !== undefined && order.toLowerCase() !== stored.dottedOrder.toLowerCase()) {
    throw new Refusal(400, `run ${stored.id}: dotted_order is not the one posted, ${stored.dottedOrder}`);
  }
  const run = kind === "patch" ? patched(stored, wire) : completed(stored, recordOf(wire));
  traceOf(work, run.traceId);
  // Of a patch that came first nothing but its trace need be known; the post says the rest.
  const namesProject = kind === "post" && (run.projectName ?? run.projectId) !== null;
  const project = namesProject ? projectOf(work, run).no : null;
  const derived = derive(run);
  db.prepare(
    `UPDATE runs SET name = ?, run_type = ?, status = ?, has_error = ?, end_us = ?, first_token_us = ?, thread_id = ?,
       reference_example_id = ?, start_us = ?, project = coalesce(?, project), ${kind === "post" ? "posted" : "patched"} = 1 WHERE no = ?`,
  ).run(
    run.name,
    run.runType,
    derived.status,
    derived.hasFailed ? 1 : 0,
    run.endMicros,
    derived.firstTokenMicros,
    derived.threadId,
    run.referenceExampleId,
    run.startMicros,
    project,
    no,
  );
  work.contents.replace(no, run, derived);
  const ids = idsOf(run.dottedOrder);
  if (ownUsage) work.totals.add(ids, trace, ownUsage, -1);
  if (derived.usage) work.totals.add(ids, trace, derived.usage, 1);
}

function patched(stored: RunRecord, wire: JsonObject): RunRecord {
  return {
    ...stored,
    ...changesOf(wire, stored),
    name: stringOf(wire["name"]) || stored.name,
    runType: stringOf(wire["run_type"]) || stored.runType,
  };
}

// A patch that came before its post: what it said stays, the post fills in the rest.
function completed(patch: RunRecord, post: RunRecord): RunRecord {
  const known = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null));
  const isNamed = patch.name !== "";
  return {
    ...post,
    ...known,
    name: isNamed ? patch.name : post.name,
    runType: isNamed ? patch.runType : post.runType,
    startMicros: post.startMicros,
  };
}

function projectOf(work: Work, run: RunRecord): Project {
  const key = run.projectId ?? `name:${run.projectName}`;
  const known = work.projects.get(key) ?? projectFor(work.db, run.projectName, run.projectId, run.kept?.["address"]);
  if (!known) throw new Refusal(404, `run ${run.id}: there is no project ${run.projectId}`);
  work.projects.set(key, known);
  return known;
}

function traceOf(work: Work, id: string): { no: number; runs: number } {
  const known = work.traces.get(id);
  if (known) return known;
  const row = work.db.prepare("SELECT no, runs FROM traces WHERE id = ?").get(id);
  const trace = row
    ? { no: Number(row["no"]), runs: Number(row["runs"]) }
    : {
        no: work.db
          .prepare("INSERT INTO traces (id, runs, received_us, changed_us) VALUES (?, 0, ?, ?)")
          .run(id, work.now, work.now).no,
        runs: 0,
      };
  work.traces.set(id, trace);
  return trace;
}

function readRecord(
  db: Db,
  no: number,
): { run: RunRecord; ownUsage: ReturnType<typeof usageFromColumn>; trace: number } {
  const row = db
    .prepare(
      `SELECT r.*, c.*, t.id AS trace_id FROM runs r JOIN contents c ON c.run = r.no JOIN traces t ON t.no = r.trace
       WHERE r.no = ?`,
    )
    .get(no);
  if (!row) throw new Error(`run number ${no} has no contents`);
  return { run: recordFromRow(row), ownUsage: usageFromColumn(row["own_usage"]), trace: Number(row["trace"]) };
}

function recordFromRow(row: Row): RunRecord {
  const tags = parseJson(row["tags"]);
  const events = parseJson(row["events"]);
  return {
    id: String(row["id"]),
    traceId: String(row["trace_id"]),
    parentId: stringOf(row["parent_id"]) ?? null,
    dottedOrder: String(row["dotted_order"]),
    name: String(row["name"]),
    runType: String(row["run_type"]),
    startMicros: Number(row["start_us"]),
    endMicros: numberOf(row["end_us"]) ?? null,
    projectName: null,
    projectId: null,
    referenceExampleId: stringOf(row["reference_example_id"]) ?? null,
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : null,
    error: stringOf(row["error"]) ?? null,
    inputs: objectOf(parseJson(row["inputs"])) ?? null,
    outputs: objectOf(parseJson(row["outputs"])) ?? null,
    extra: objectOf(parseJson(row["extra"])) ?? null,
    events: Array.isArray(events) ? events.filter(isObject) : null,
    serialized: objectOf(parseJson(row["serialized"])) ?? null,
    kept: objectOf(parseJson(row["kept"])) ?? null,
  };
}
