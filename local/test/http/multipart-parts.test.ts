// Multipart bodies as they are written, and as they should not be.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refusal } from "../../src/errors.js";
import { partsOf } from "../../src/http/multipart-parts.js";

interface Written {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isLengthOwn: boolean;
}

const BOUNDARY = "b-0123";

function bodyOf(parts: readonly Written[]): Buffer {
  const pieces = parts.flatMap(({ name, bytes, isLengthOwn }) => [
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="x"\r\n`,
    isLengthOwn
      ? `content-length: ${bytes.length}\r\nContent-Type: text/plain\r\n\r\n`
      : `Content-Type: text/plain; length=${bytes.length}\r\n\r\n`,
    bytes,
    "\r\n",
  ]);
  return Buffer.concat([...pieces, `--${BOUNDARY}--\r\n`].map((piece) => Buffer.from(piece)));
}

const written: fc.Arbitrary<Written> = fc.record({
  name: fc.string({ unit: "grapheme", minLength: 1 }).filter((name) => !/["\r\n\ufffd]/.test(name)),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.constantFrom(`\r\n--${BOUNDARY}--\r\n`, `--${BOUNDARY}\r\n\r\n`, "", "\r\n").map((text) => Buffer.from(text)),
  ),
  isLengthOwn: fc.boolean(),
});

describe("the parts of a multipart body", () => {
  it("are read as they were written, whatever they hold, boundaries included", () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 5 }), (parts) => {
        const read = [...partsOf(bodyOf(parts), BOUNDARY)];
        expect(read.map(({ name, bytes }) => [name, [...bytes]])).toEqual(
          parts.map(({ name, bytes }) => [name, [...bytes]]),
        );
      }),
    );
  });

  it("are read to the last, or refused, when bytes of the body are missing or other ones", () => {
    const damage = fc.record({ at: fc.nat(), byte: fc.integer({ min: -1, max: 255 }) });
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 3 }), damage, (parts, { at, byte }) => {
        const body = bodyOf(parts);
        const place = at % body.length;
        const damaged = byte < 0 ? body.subarray(0, place) : Buffer.from(body).fill(byte, place, place + 1);
        try {
          for (const { bytes } of partsOf(damaged, BOUNDARY)) expect(bytes.length).toBeLessThanOrEqual(body.length);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          expect(error.status).toBe(422);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [
      "a length that is too short",
      'name="a"\r\nContent-Type: a/b; length=1',
      /part a: its length is said to be 1, and 4 bytes came/,
    ],
    [
      "a length that is too long",
      'name="a"\r\nContent-Type: a/b; length=99',
      /part a: its length is said to be 99, and 4 bytes came/,
    ],
    [
      "a length that is none",
      'name="a"\r\nContent-Type: a/b\r\nContent-Length: 4e0',
      /part a: its length cannot be 4e0/,
    ],
    ["a header without a name", 'name="a"\r\n: b', /a part has a header without a name/],
    ["headers without an end", `name="a"\r\nX: ${"x".repeat(20_000)}`, /headers are too long/],
  ])("are refused for %s", (_, headers, message) => {
    const body = `--${BOUNDARY}\r\nContent-Disposition: form-data; ${headers}\r\n\r\nfour\r\n--${BOUNDARY}--`;
    expect(() => [...partsOf(Buffer.from(body), BOUNDARY)]).toThrow(message);
  });
});
