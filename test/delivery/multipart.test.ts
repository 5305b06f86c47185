// Bodies: what is written is what is read by the parts' own lengths, whatever the bytes are.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeJsonBatch } from "../../src/delivery/json-batch.js";
import { encodeMultipart } from "../../src/delivery/multipart.js";
import { newItem } from "./items.js";
import { readParts } from "./misbehaving-server.js";
import { newRun } from "./runs.js";

const attachment = fc.record({
  name: fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/),
  mimeType: fc.constantFrom("image/png", "application/octet-stream"),
  data: fc.uint8Array({ maxLength: 200 }),
});
const content = fc.record({
  inputs: fc.dictionary(fc.string(), fc.jsonValue()),
  attachments: fc.uniqueArray(attachment, { maxLength: 3, selector: ({ name }) => name }),
  verb: fc.constantFrom("post" as const, "patch" as const),
});

describe("encodeMultipart", () => {
  it("writes parts that read back byte for byte by their Content-Length, boundaries within included", () => {
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 5 }), (contents) => {
        const items = contents.map(({ inputs, attachments, verb }) => {
          const item = newItem({ verb }, newRun({ inputs: { ...inputs, trap: "\r\n--edge--\r\n" } }));
          item.parts = { ...item.parts, attachments };
          return item;
        });
        const { contentType, data } = encodeMultipart(items, "edge");
        const expected = items.flatMap((item) => [
          [`${item.verb}.${item.runId}`, item.parts.core],
          ...item.parts.fields.map(([field, json]) => [`${item.verb}.${item.runId}.${field}`, json]),
          ...item.parts.attachments.map((part) => [`attachment.${item.runId}.${part.name}`, Buffer.from(part.data)]),
        ]);
        expect(readParts(data, contentType).map(({ name, data: bytes }) => [name, bytes])).toEqual(expected);
      }),
    );
  });
});

describe("encodeJsonBatch", () => {
  it("puts each run together from its written parts", () => {
    fc.assert(
      fc.property(fc.array(content, { maxLength: 5 }), (contents) => {
        const runs = contents.map(({ inputs, verb }) => ({
          verb,
          run: newRun({ inputs: JSON.parse(JSON.stringify(inputs)) }),
        }));
        const items = runs.map(({ verb, run }) => newItem({ verb }, run));
        expect(JSON.parse(encodeJsonBatch(items).toString("utf8"))).toEqual({
          post: runs.filter(({ verb }) => verb === "post").map(({ run }) => run),
          patch: runs.filter(({ verb }) => verb === "patch").map(({ run }) => run),
        });
      }),
    );
  });
});
