// `POST /runs/group` and a thread's preview: v1's way to ask for threads.
import { Refusal } from "../errors.js";
import type { JsonObject } from "../json.js";
import type { Db } from "../storage/database.js";
import { limitOf, textOf, timeArgument, uuidOf } from "./runs.js";
import { latencyOf, listThreads, previewsOf, type Thread, threadItem } from "./threads.js";
import { whereOf } from "./where.js";

/** Source: `RunGroupRequest` in the OpenAPI description. */
export function groupRuns(db: Db, body: JsonObject): JsonObject {
  const project = uuidOf(body, "session_id");
  if (!project) throw new Refusal(422, "session_id is missing");
  if (body["group_by"] !== "conversation") throw new Refusal(422, "group_by must be conversation");
  const offset = body["offset"] ?? 0;
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 0) {
    throw new Refusal(422, "offset must be a whole number from 0");
  }
  const where = whereOf(db, {
    projectIds: [project],
    isRoot: true,
    filter: textOf(body, "filter"),
    startMicros: timeArgument(body, "start_time"),
    endMicros: timeArgument(body, "end_time"),
  });
  const { threads, total } = listThreads(db, where, { limit: limitOf(body["limit"], 10, 100), offset });
  return { groups: threads.map((thread) => groupOf(db, thread)), total };
}

function groupOf(db: Db, thread: Thread): JsonObject {
  const item = threadItem(db, thread);
  return {
    group_key: thread.id,
    // What a client sends back to list the thread's runs.
    filter: `eq(thread_id, ${JSON.stringify(thread.id)})`,
    ...item,
    latency_p50: latencyOf(thread.traces, 0.5),
    last_error: item["last_error"] ?? null,
  };
}

export function threadPreview(db: Db, project: string, threadId: string, select: readonly string[]): JsonObject {
  const where = whereOf(db, { projectIds: [project], isRoot: true, threadId });
  const [thread] = listThreads(db, where, { limit: 1 }).threads;
  if (!thread) throw new Refusal(404, `Thread ${threadId} not found`);
  const previews = previewsOf(thread.traces);
  const names = select.length > 0 ? select : Object.keys(previews);
  return {
    thread_id: threadId,
    previews: Object.fromEntries(
      names.map((name) => {
        if (!Object.hasOwn(previews, name)) throw new Refusal(422, `select: there is no preview ${name}`);
        return [name, previews[name]];
      }),
    ),
  };
}
