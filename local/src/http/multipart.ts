// The multipart body of an ingestion request, as the operations, feedback and attachments it carries.
import { Refusal } from "../errors.js";
import { isObject, type JsonObject, uuidFrom } from "../json.js";
import type { AttachmentInput } from "../storage/attachments.js";
import type { FeedbackInput } from "../storage/feedback.js";
import type { Intake, Operation } from "../storage/writer.js";
import { parseJsonText } from "./body.js";
import { malformedPart as malformed, partsOf } from "./multipart-parts.js";

/** The fields that travel as parts of their own. Source: `POST /runs/multipart` in the OpenAPI description. */
const FIELDS = new Set(["inputs", "outputs", "events", "error", "extra", "serialized"]);

/** Reads a whole body. @throws Refusal 422 with what is wrong with which part. */
export function readMultipart(body: Buffer, contentType: string | undefined): Intake {
  const boundary = boundaryOf(contentType);
  const operations: Arriving[] = [];
  const current = new Map<string, Arriving>();
  const feedback: FeedbackInput[] = [];
  const attachments: AttachmentInput[] = [];
  for (const { name, contentType, bytes } of partsOf(body, boundary)) {
    const [event = "", named = "", field, ...more] = name.split(".");
    const id = uuidFrom(named);
    if (id === undefined || more.length > 0) throw malformed(name, "its name is not <event>.<run id>[.<field>]");
    if (event === "post" || event === "patch") {
      const key = `${event}.${id}`;
      let operation = current.get(key);
      // The client patches a run twice in one request where a stream's reader cancels it.
      if (!operation || (event === "patch" && field === undefined && operation.hasRun)) {
        operation = { kind: event, run: {}, hasRun: false };
        current.set(key, operation);
        operations.push(operation);
      }
      takeRunPart(operation, name, id, field, bytes);
    } else if (event === "feedback" && field === undefined) {
      feedback.push({ run_id: id, ...objectIn(bytes, name) });
    } else if (event === "attachment" && field) {
      const mimeType = contentType.replace(/;\s*length=\d+/i, "");
      attachments.push({ runId: id, name: field, mimeType, data: bytes });
    } else {
      throw malformed(name, "there is no such part");
    }
  }
  for (const [name, { hasRun }] of current) {
    if (!hasRun) throw malformed(name, "it is missing, its fields are there");
  }
  return { operations, feedback, attachments };
}

/** An operation whose parts are still coming. */
interface Arriving {
  readonly kind: Operation["kind"];
  run: JsonObject;
  hasRun: boolean;
}

function takeRunPart(operation: Arriving, name: string, id: string, field: string | undefined, bytes: Buffer): void {
  if (field !== undefined) {
    if (!FIELDS.has(field)) throw malformed(name, `${field} does not travel as a part`);
    operation.run[field] = parseJsonText(bytes.toString("utf8"), `part ${name}`);
    return;
  }
  if (operation.hasRun) throw malformed(name, "it is there twice");
  const run = objectIn(bytes, name);
  if (run["id"] != null && uuidFrom(run["id"]) !== id) {
    throw malformed(name, "the run inside has another id");
  }
  // Into the object that was just parsed: a copy of each run cost a fifth of reading the body.
  operation.run = Object.assign(run, operation.run, { id });
  operation.hasRun = true;
}

function objectIn(bytes: Buffer, name: string): JsonObject {
  const value = parseJsonText(bytes.toString("utf8"), `part ${name}`);
  if (!isObject(value)) throw malformed(name, "it is not a JSON object");
  return value;
}

function boundaryOf(contentType: string | undefined): string {
  const [, quoted, plain] =
    /^multipart\/form-data\b.*;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? "") ?? [];
  const boundary = quoted ?? plain;
  if (!boundary) throw new Refusal(422, "Content-Type must be multipart/form-data with a boundary");
  return boundary;
}
