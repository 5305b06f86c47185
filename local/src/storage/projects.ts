// Projects: found by name or made when a run names a new one.
import { v7 } from "../ids.js";
import { idText, type JsonObject, numberOf, parseJson, stringOf } from "../json.js";
import { nowMicros } from "../time.js";
import type { Db, Row } from "./database.js";

export interface Project {
  readonly no: number;
  readonly id: string;
  readonly name: string;
  readonly startMicros: number;
  readonly endMicros: number | null;
  readonly description: string | null;
  readonly extra: unknown;
  readonly defaultDatasetId: string | null;
  readonly referenceDatasetId: string | null;
  readonly traceTier: string | null;
  readonly lastRunMicros: number | null;
}

/** What can be set on a project. */
export interface ProjectFields {
  id?: string;
  name?: string;
  startMicros?: number;
  endMicros?: number | null;
  description?: string | null;
  extra?: JsonObject | null;
  defaultDatasetId?: string | null;
  referenceDatasetId?: string | null;
  traceTier?: string | null;
}

/** Where `otel-langsmith doctor` sends its run. */
export const DOCTOR_PROJECT = "otel-langsmith-doctor";

function projectOf(row: Row): Project {
  return {
    no: numberOf(row["no"]) ?? 0,
    id: stringOf(row["id"]) ?? "",
    name: stringOf(row["name"]) ?? "",
    startMicros: numberOf(row["start_us"]) ?? 0,
    endMicros: numberOf(row["end_us"]) ?? null,
    description: stringOf(row["description"]) ?? null,
    extra: parseJson(row["extra"]),
    defaultDatasetId: stringOf(row["default_dataset_id"]) ?? null,
    referenceDatasetId: stringOf(row["reference_dataset_id"]) ?? null,
    traceTier: stringOf(row["trace_tier"]) ?? null,
    lastRunMicros: numberOf(row["last_run_us"]) ?? null,
  };
}

export function projectByName(db: Db, name: string): Project | undefined {
  const row = db.prepare("SELECT * FROM projects WHERE name = ?").get(name);
  return row && projectOf(row);
}

export function projectById(db: Db, id: string): Project | undefined {
  const row = db.prepare("SELECT * FROM projects WHERE id = ?").get(idText(id));
  return row && projectOf(row);
}

export function allProjects(db: Db): Project[] {
  return db.prepare("SELECT * FROM projects ORDER BY start_us DESC, no DESC").all().map(projectOf);
}

export function createProject(db: Db, fields: ProjectFields & { name: string }): Project {
  const id = idText(fields.id ?? v7());
  db.prepare(
    `INSERT INTO projects (id, name, start_us, end_us, description, extra, default_dataset_id, reference_dataset_id,
       trace_tier) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    id,
    fields.name,
    fields.startMicros ?? nowMicros(),
    fields.endMicros ?? null,
    fields.description ?? null,
    fields.extra ? JSON.stringify(fields.extra) : null,
    fields.defaultDatasetId ?? null,
    fields.referenceDatasetId ?? null,
    fields.traceTier ?? null,
  );
  const created = projectById(db, id);
  if (!created) throw new Error(`project ${id} was not stored`);
  return created;
}

export function updateProject(db: Db, no: number, fields: ProjectFields): void {
  const columns = {
    name: fields.name,
    end_us: fields.endMicros,
    description: fields.description,
    extra: fields.extra === undefined ? undefined : fields.extra && JSON.stringify(fields.extra),
    default_dataset_id: fields.defaultDatasetId,
    trace_tier: fields.traceTier,
  };
  for (const [column, value] of Object.entries(columns)) {
    if (value !== undefined) db.prepare(`UPDATE projects SET ${column} = ? WHERE no = ?`).run(value, no);
  }
}

/** The project that a run names, made when there is none; `default` when it names none. */
export function projectFor(db: Db, name: string | null, id: string | null, address?: unknown): Project | undefined {
  if (id) return projectById(db, id);
  const wanted = name || "default";
  return projectByName(db, wanted) ?? createProject(db, { name: wanted, ...(address ? { extra: { address } } : {}) });
}
