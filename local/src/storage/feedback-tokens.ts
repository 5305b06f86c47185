// Links by which somebody without the client may leave feedback on a run, until they expire.
import { randomUUID } from "node:crypto";
import { idText, stringOf } from "../json.js";
import type { Db, Row } from "./database.js";

export interface FeedbackToken {
  readonly id: string;
  readonly runId: string;
  readonly key: string;
  readonly expiresMicros: number;
}

export function createFeedbackToken(db: Db, runId: string, key: string, expiresMicros: number): FeedbackToken {
  // Random in all its bits: whoever has it may write.
  const token = { id: randomUUID(), runId, key, expiresMicros };
  db.prepare("INSERT INTO feedback_tokens (id, run_id, key, expires_us) VALUES (?, ?, ?, ?)").run(
    token.id,
    runId,
    key,
    expiresMicros,
  );
  return token;
}

export function readFeedbackToken(db: Db, id: string): FeedbackToken | undefined {
  const row = db.prepare("SELECT * FROM feedback_tokens WHERE id = ?").get(idText(id));
  return row && tokenOf(row);
}

export function feedbackTokensOf(db: Db, runId: string): FeedbackToken[] {
  return db.prepare("SELECT * FROM feedback_tokens WHERE run_id = ? ORDER BY expires_us, id").all(runId).map(tokenOf);
}

/** Forgets those that have expired. */
export function dropFeedbackTokens(db: Db, nowMicros: number): void {
  db.prepare("DELETE FROM feedback_tokens WHERE expires_us < ?").run(nowMicros);
}

function tokenOf(row: Row): FeedbackToken {
  return {
    id: stringOf(row["id"]) ?? "",
    runId: stringOf(row["run_id"]) ?? "",
    key: stringOf(row["key"]) ?? "",
    expiresMicros: Number(row["expires_us"]),
  };
}
