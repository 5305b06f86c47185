// Files that came beside runs.
import { idText, stringOf } from "../json.js";
import type { Db } from "./database.js";

export interface AttachmentInput {
  readonly runId: string;
  readonly name: string;
  readonly mimeType: string;
  readonly data: Uint8Array;
}

export interface Attachment {
  readonly mimeType: string;
  readonly data: Uint8Array;
}

export function storeAttachment(db: Db, attachment: AttachmentInput, now: number): void {
  db.prepare(
    `REPLACE INTO attachments (run_id, name, trace_id, mime_type, data, received_us)
     VALUES (?, ?, (SELECT t.id FROM runs r JOIN traces t ON t.no = r.trace WHERE r.id = ?), ?, ?, ?)`,
  ).run(attachment.runId, attachment.name, attachment.runId, attachment.mimeType, attachment.data, now);
}

export function readAttachment(db: Db, runId: string, name: string): Attachment | undefined {
  const row = db
    .prepare("SELECT mime_type, data FROM attachments WHERE run_id = ? AND name = ?")
    .get(idText(runId), name);
  if (!row || !(row["data"] instanceof Uint8Array)) return undefined;
  return { mimeType: String(row["mime_type"]), data: row["data"] };
}

/** The names of the runs' attachments, by run id. */
export function attachmentNames(db: Db, runIds: readonly string[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  const rows = db
    .prepare(
      "SELECT run_id, name FROM attachments WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY run_id, name",
    )
    .all(JSON.stringify(runIds));
  for (const row of rows) {
    const id = stringOf(row["run_id"]) ?? "";
    names.set(id, [...(names.get(id) ?? []), stringOf(row["name"]) ?? ""]);
  }
  return names;
}
