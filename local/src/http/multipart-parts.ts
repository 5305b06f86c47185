// A multipart body taken apart by the lengths that its parts announce: what lies between is not searched for a boundary.
import { Refusal } from "../errors.js";

/** One part, lying where it came. */
export interface Part {
  /** The `name` of its Content-Disposition. */
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

const MAX_PARTS = 20_000;
const MAX_HEADER_BYTES = 16_384;
const LINE_END = "\r\n";
const HEADERS_END = "\r\n\r\n";

/**
 * The parts of a `multipart/form-data` body, each with Content-Type and a length (of its own or in its Content-Type).
 * Source: `POST /runs/multipart` in the OpenAPI description.
 * @throws Refusal 422 with what is wrong with which part.
 */
export function* partsOf(body: Buffer, boundary: string): Generator<Part> {
  const delimiter = Buffer.from(`${LINE_END}--${boundary}`);
  const first = delimiter.subarray(LINE_END.length);
  // Nothing of ours comes before the first boundary; whatever does is not a part.
  let at = startsWith(body, first, 0) ? first.length : after(body, delimiter, 0);
  for (let count = 0; !startsWith(body, "--", at); count += 1) {
    if (count === MAX_PARTS) throw malformed(`it has more than ${MAX_PARTS} parts`);
    if (!startsWith(body, LINE_END, at)) throw malformed("a boundary is not alone on its line");
    const headersEnd = body.indexOf(HEADERS_END, at);
    if (headersEnd < 0) throw malformed("it ends within a part's headers");
    if (headersEnd - at > MAX_HEADER_BYTES) throw malformed("a part's headers are too long");
    const { name, contentType, length } = checkedHeaders(body.toString("utf8", at, headersEnd));
    const start = headersEnd + HEADERS_END.length;
    if (!startsWith(body, delimiter, start + length)) {
      const size = after(body, delimiter, start) - delimiter.length - start;
      throw malformedPart(name, `its length is said to be ${length}, and ${size} bytes came`);
    }
    yield { name, contentType, bytes: body.subarray(start, start + length) };
    at = start + length + delimiter.length;
  }
}

function startsWith(body: Buffer, text: Buffer | string, at: number): boolean {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  return at + bytes.length <= body.length && body.compare(bytes, 0, bytes.length, at, at + bytes.length) === 0;
}

function after(body: Buffer, delimiter: Buffer, from: number): number {
  const found = body.indexOf(delimiter, from);
  if (found < 0) throw malformed("its last boundary is missing");
  return found + delimiter.length;
}

function checkedHeaders(text: string): { name: string; contentType: string; length: number } {
  let [name, contentType, announced]: (string | undefined)[] = [];
  for (const line of text.split(LINE_END)) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (colon < 1) throw malformed("a part has a header without a name");
    const value = line.slice(colon + 1).trim();
    switch (line.slice(0, colon).toLowerCase()) {
      case "content-disposition":
        name = /;\s*name="([^"]+)"/i.exec(value)?.[1];
        break;
      case "content-type":
        contentType = value;
        announced ??= /;\s*length=(\d+)/i.exec(value)?.[1];
        break;
      case "content-length":
        announced = value;
        break;
      case "content-encoding":
        throw malformedPart(name ?? "?", "Content-Encoding is not allowed on a part");
    }
  }
  if (!name) throw new Refusal(422, "a multipart part has no name");
  if (name.includes("\ufffd")) throw malformed("a part's headers are not UTF-8");
  if (!contentType) throw malformedPart(name, "it has no Content-Type");
  if (announced === undefined) {
    throw malformedPart(name, "it has neither a Content-Length nor a length in its Content-Type");
  }
  const length = Number(announced);
  if (!/^\d+$/.test(announced) || !Number.isSafeInteger(length)) {
    throw malformedPart(name, `its length cannot be ${announced.slice(0, 40)}`);
  }
  return { name, contentType, length };
}

function malformed(why: string): Refusal {
  return new Refusal(422, `the multipart body is malformed: ${why}`);
}

/** What is said of a part that is not as it must be. */
export function malformedPart(name: string, why: string): Refusal {
  return new Refusal(422, `part ${name.slice(0, 200)}: ${why}`);
}
