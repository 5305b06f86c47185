// The multipart body of an ingestion request, as the operations, feedback and attachments it carries.
import { MultipartParseError, type MultipartPart, parseMultipart } from "@remix-run/multipart-parser";
import { Refusal } from "../errors.js";
import { isObject, isUuid, type JsonObject } from "../json.js";
import type { AttachmentInput } from "../storage/attachments.js";
import type { FeedbackInput } from "../storage/feedback.js";
import type { Intake, Operation } from "../storage/writer.js";
import { parseJsonText } from "./body.js";

/** The fields that travel as parts of their own. Source: `POST /runs/multipart` in the OpenAPI description. */
const FIELDS = new Set(["inputs", "outputs", "events", "error", "extra", "serialized"]);

const MAX_PARTS = 20_000;

/** Reads a whole body. @throws Refusal 422 with what is wrong with which part. */
export function readMultipart(body: Buffer, contentType: string | undefined): Intake {
  const boundary = boundaryOf(contentType);
  const operations = new Map<string, { kind: Operation["kind"]; run: JsonObject; hasRun: boolean }>();
  const feedback: FeedbackInput[] = [];
  const attachments: AttachmentInput[] = [];
  for (const part of partsOf(body, boundary)) {
    const name = checkedName(part);
    const [event = "", id = "", field, ...more] = name.split(".");
    if (!isUuid(id) || more.length > 0) throw malformed(name, "its name is not <event>.<run id>[.<field>]");
    if (event === "post" || event === "patch") {
      const key = `${event}.${id.toLowerCase()}`;
      const operation = operations.get(key) ?? { kind: event, run: {}, hasRun: false };
      operations.set(key, operation);
      takeRunPart(operation, name, id, field, bytesOf(part));
    } else if (event === "feedback" && field === undefined) {
      feedback.push({ run_id: id, ...objectIn(bytesOf(part), name) });
    } else if (event === "attachment" && field) {
      const mimeType = (part.headers["content-type"] ?? "").replace(/;\s*length=\d+/i, "");
      attachments.push({ runId: id.toLowerCase(), name: field, mimeType, data: part.bytes });
    } else {
      throw malformed(name, "there is no such part");
    }
  }
  for (const [name, { hasRun }] of operations)
    if (!hasRun) throw malformed(name, "it is missing, its fields are there");
  return { operations: [...operations.values()], feedback, attachments };
}

function takeRunPart(
  operation: { run: JsonObject; hasRun: boolean },
  name: string,
  id: string,
  field: string | undefined,
  bytes: Uint8Array,
): void {
  if (field !== undefined) {
    if (!FIELDS.has(field)) throw malformed(name, `${field} does not travel as a part`);
    operation.run[field] = parseJsonText(textOf(bytes), `part ${name}`);
    return;
  }
  if (operation.hasRun) throw malformed(name, "it is there twice");
  const run = objectIn(bytes, name);
  if (typeof run["id"] === "string" && run["id"].toLowerCase() !== id.toLowerCase()) {
    throw malformed(name, "the run inside has another id");
  }
  operation.run = { id, ...run, ...operation.run };
  operation.hasRun = true;
}

function objectIn(bytes: Uint8Array, name: string): JsonObject {
  const value = parseJsonText(textOf(bytes), `part ${name}`);
  if (!isObject(value)) throw malformed(name, "it is not a JSON object");
  return value;
}

// A part that came in one piece, as all do here, is read where it lies.
function bytesOf(part: MultipartPart): Uint8Array {
  const [only] = part.content;
  return part.content.length === 1 && only ? only : part.bytes;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function boundaryOf(contentType: string | undefined): string {
  const [, quoted, plain] =
    /^multipart\/form-data\b.*;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? "") ?? [];
  const boundary = quoted ?? plain;
  if (!boundary) throw new Refusal(422, "Content-Type must be multipart/form-data with a boundary");
  return boundary;
}

function* partsOf(body: Buffer, boundary: string): Generator<MultipartPart> {
  try {
    yield* parseMultipart(body, {
      boundary,
      maxParts: MAX_PARTS,
      maxFileSize: body.length,
      maxTotalSize: body.length,
    });
  } catch (error) {
    // A TypeError: headers that are not UTF-8.
    if (!(error instanceof MultipartParseError) && !(error instanceof TypeError)) throw error;
    throw new Refusal(422, `the multipart body is malformed: ${error.message}`);
  }
}

// "each with Content-Type and a length"; the length is held against what came.
function checkedName(part: MultipartPart): string {
  const { headers } = part;
  // Read here and not by `part.name`, which takes the header apart for all that a file upload may say in it.
  const name = /;\s*name="([^"]+)"/i.exec(headers["content-disposition"] ?? "")?.[1];
  if (!name) throw new Refusal(422, "a multipart part has no name");
  const type = headers["content-type"];
  if (!type) throw malformed(name, "it has no Content-Type");
  if (headers["content-encoding"]) throw malformed(name, "Content-Encoding is not allowed on a part");
  const length = headers["content-length"] ?? /;\s*length=(\d+)/i.exec(type)?.[1];
  if (length == null) throw malformed(name, "it has neither a Content-Length nor a length in its Content-Type");
  if (Number(length) !== part.size) {
    throw malformed(name, `its length is said to be ${length}, and ${part.size} bytes came`);
  }
  return name;
}

function malformed(name: string, why: string): Refusal {
  return new Refusal(422, `part ${name.slice(0, 200)}: ${why}`);
}
