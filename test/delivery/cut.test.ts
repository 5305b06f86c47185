// Cutting: within the bound, valid JSON, the largest first, and said in place; files become attachments.
import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutParts } from "../../src/delivery/cut.js";
import { partsBytes } from "../../src/delivery/item.js";
import { mediaOf } from "../../src/delivery/media.js";
import { serializeRun } from "../../src/delivery/serialize.js";
import type { RunParts } from "../../src/wire/parts.js";
import { newRun } from "./runs.js";

function fieldOf(parts: RunParts | undefined, name: string): unknown {
  const json = parts?.fields.find(([field]) => field === name)?.[1];
  return json && JSON.parse(json.toString("utf8"));
}

/** Random pixels behind a PNG's first bytes. */
function png(bytes: number): Buffer {
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), randomBytes(bytes)]);
}

describe("cutParts", () => {
  it("makes any run fit, as valid JSON, where its core does", () => {
    fc.assert(
      fc.property(
        fc.record({
          inputs: fc.dictionary(fc.string(), fc.string({ maxLength: 3_000, unit: "binary" }), { maxKeys: 20 }),
          outputs: fc.object({ maxDepth: 4 }),
          texts: fc.array(fc.string({ minLength: 500, maxLength: 5_000, unit: "grapheme" }), { maxLength: 5 }),
        }),
        fc.integer({ min: 4_000, max: 20_000 }),
        ({ inputs, outputs, texts }, maxBytes) => {
          const parts = serializeRun(newRun({ inputs, outputs: { ...outputs, texts } }));
          const cut = cutParts(parts, maxBytes);
          expect(cut).toBeDefined();
          if (!cut) return;
          expect(partsBytes(cut)).toBeLessThanOrEqual(maxBytes);
          for (const [, json] of cut.fields) expect(() => JSON.parse(json.toString("utf8"))).not.toThrow();
          expect(cut.core).toBe(parts.core);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("cuts the largest string first, to head, marker with size and hash, and tail, and leaves the others whole", () => {
    const large = `begin ${"x".repeat(100_000)} end`;
    const cut = cutParts(serializeRun(newRun({ inputs: { large, small: "y".repeat(5_000) } })), 50_000);
    expect(fieldOf(cut, "inputs")).toMatchObject({ small: "y".repeat(5_000) });
    const { large: left } = fieldOf(cut, "inputs") as { large: string };
    expect(left.startsWith("begin xxx")).toBe(true);
    expect(left.endsWith("xxx end")).toBe(true);
    expect(left).toContain(`${large.length} bytes, sha256 ${createHash("sha256").update(large).digest("hex")}`);
    // No more than had to go.
    expect(partsBytes(cut ?? serializeRun(newRun()))).toBeGreaterThan(40_000);
  });

  it("turns a data URI and bare base64 of an image into attachments, with a reference in place", () => {
    const image = png(30_000);
    const run = newRun({
      inputs: {
        messages: [
          {
            content: [{ type: "image_url", image_url: { url: `data:image/jpeg;base64,${image.toString("base64")}` } }],
          },
        ],
      },
      outputs: { image: image.toString("base64"), text: "z".repeat(40_000) },
    });
    const cut = cutParts(serializeRun(run), 110_000);
    expect(
      cut?.attachments.map(({ name, mimeType, data }) => [name, mimeType, Buffer.from(data).equals(image)]),
    ).toEqual([
      ["inputs_image_jpeg", "image/jpeg", true],
      ["outputs_image_png", "image/png", true],
    ]);
    expect(fieldOf(cut, "inputs")).toEqual({
      messages: [
        {
          content: [
            {
              type: "image_url",
              image_url: { url: `attachment:inputs_image_jpeg (image/jpeg, ${image.length} bytes)` },
            },
          ],
        },
      ],
    });
    expect(fieldOf(cut, "outputs")).toMatchObject({ text: "z".repeat(40_000) });
  });

  it("lets an attachment go that does not fit, and says so where it was referred to", () => {
    const cut = cutParts(serializeRun(newRun({ inputs: { image: png(200_000).toString("base64") } })), 100_000);
    expect(cut?.attachments).toEqual([]);
    expect(fieldOf(cut, "inputs")).toEqual({
      image: expect.stringMatching(/^\[cut: attachment inputs_image_png, 200008 bytes, sha256 /),
    });
    const given = newRun({ attachments: { photo: { mimeType: "image/png", data: png(200_000) } } });
    expect(fieldOf(cutParts(serializeRun(given), 100_000), "extra")).toMatchObject({
      metadata: { cut_attachment_photo: expect.stringContaining("200008 bytes") },
    });
  });

  it("replaces a field of a million small values as a whole", () => {
    const cut = cutParts(
      serializeRun(newRun({ outputs: { list: Array.from({ length: 100_000 }, (_, i) => i) } })),
      20_000,
    );
    expect(fieldOf(cut, "outputs")).toEqual({ cut: expect.stringMatching(/^\[cut: outputs, \d+ bytes, sha256 /) });
    expect(fieldOf(cut, "inputs")).toEqual({ question: "why" });
  });
});

describe("mediaOf", () => {
  it.each([
    ["a short string", "iVBORw0KGgo="],
    ["long text", "a sentence of words. ".repeat(500)],
    ["a data URI that is not base64", `data:text/plain,${"hello ".repeat(1_000)}`],
    ["base64 of nobody knows what", randomBytes(6_000).toString("base64").replace(/^..../, "AAAA")],
  ])("leaves %s alone", (_, text) => {
    expect(mediaOf(text)).toBeUndefined();
  });

  it.each([
    ["image/webp", Buffer.concat([Buffer.from("RIFF0000WEBP"), randomBytes(6_000)])],
    ["audio/wav", Buffer.concat([Buffer.from("RIFF0000WAVE"), randomBytes(6_000)])],
    ["application/pdf", Buffer.concat([Buffer.from("%PDF-1.7"), randomBytes(6_000)])],
  ])("knows %s by its first bytes", (mimeType, data) => {
    expect(mediaOf(data.toString("base64"))).toEqual({ mimeType, data });
  });
});
