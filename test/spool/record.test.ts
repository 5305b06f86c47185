// Records: what was written reads back; what was torn or changed is skipped, and nothing else.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeDone, decodeRecords, encodeDone, encodeRecord, newFileHead } from "../../src/spool/record.js";
import { newItem } from "../delivery/items.js";

const HEAD = newFileHead();

const contents = fc.array(
  fc.record({
    verb: fc.constantFrom("post" as const, "patch" as const),
    pending: fc.boolean(),
    core: fc.uint8Array({ minLength: 2, maxLength: 100 }),
    inputs: fc.uint8Array({ maxLength: 300 }),
    file: fc.uint8Array({ maxLength: 300 }),
  }),
  { minLength: 1, maxLength: 8 },
);

function written(entries: typeof contents extends fc.Arbitrary<infer T> ? T : never) {
  const items = entries.map(({ verb, pending, core, inputs, file }) =>
    newItem({
      verb,
      pending,
      parts: {
        core: Buffer.from(core),
        fields: [["inputs", Buffer.from(inputs)]],
        attachments: [{ name: "file", mimeType: "image/png", data: Buffer.from(file) }],
      },
    }),
  );
  return { items, records: items.map((item, index) => encodeRecord(HEAD, index, item)) };
}

describe("records", () => {
  it("read back byte for byte", () => {
    fc.assert(
      fc.property(contents, (entries) => {
        const { items, records } = written(entries);
        const read = decodeRecords(Buffer.concat([HEAD.bytes, ...records]));
        expect(read.damaged).toBe(0);
        expect(read.records).toEqual(
          items.map(({ verb, pending, runId, traceId, parts }, index) => ({
            index,
            verb,
            pending,
            runId,
            traceId,
            parts,
          })),
        );
      }),
    );
  });

  it("before a tail that is torn anywhere are all there, and the torn one is not", () => {
    fc.assert(
      fc.property(contents, fc.nat(), (entries, at) => {
        const { records } = written(entries);
        const last = records.at(-1) ?? Buffer.alloc(0);
        const cut = at % last.length;
        const read = decodeRecords(Buffer.concat([HEAD.bytes, ...records.slice(0, -1), last.subarray(0, cut)]));
        expect(read.records.map((record) => record.index)).toEqual(records.slice(0, -1).map((_, index) => index));
      }),
    );
  });

  it("around one with a changed byte are all there, and the changed one is not", () => {
    fc.assert(
      fc.property(contents, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (entries, which, where, change) => {
        const { records } = written(entries);
        const hit = which % records.length;
        const bytes = records[hit];
        if (bytes) bytes[where % bytes.length] = (bytes[where % bytes.length] ?? 0) ^ change;
        const read = decodeRecords(Buffer.concat([HEAD.bytes, ...records]));
        const expected = records.map((_, index) => index).filter((index) => index !== hit);
        expect(read.records.map((record) => record.index)).toEqual(expected);
        expect(read.damaged).toBeGreaterThan(0);
      }),
    );
  });

  it("are never made of nothing: any bytes at all decode without an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expect(decodeRecords(Buffer.from(bytes)).records).toEqual([]);
      }),
    );
  });
});

describe("settled notes", () => {
  it("read back, but for a torn or changed one", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 1_000_000 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 7 }),
        (indexes, torn) => {
          const notes = encodeDone(indexes);
          expect(decodeDone(notes)).toEqual(new Set(indexes));
          expect(decodeDone(notes.subarray(0, -torn))).toEqual(new Set(indexes.slice(0, -1)));
        },
      ),
    );
  });
});
