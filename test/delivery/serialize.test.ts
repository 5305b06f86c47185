// What cannot be written as JSON costs that value, not the run.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serializeRun, toJson } from "../../src/delivery/serialize.js";
import { newRun } from "./runs.js";

const read = (json: Buffer): unknown => JSON.parse(json.toString("utf8"));

describe("toJson", () => {
  it("writes any JSON value as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(read(toJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("writes anything at all as valid JSON without lone surrogates", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (value) => {
          const text = toJson(value).toString("utf8");
          expect(() => JSON.parse(text)).not.toThrow();
        },
      ),
    );
  });

  it("marks what is circular, too deep, throwing or a bigint, and keeps its neighbours", () => {
    const circular: Record<string, unknown> = { name: "kept" };
    circular["self"] = circular;
    let deep: unknown = "bottom";
    for (let i = 0; i < 2_000; i += 1) deep = [deep];
    const value = {
      circular,
      big: 12345678901234567890n,
      deep,
      kept: [1, "two"],
      get thrown() {
        throw new Error("no");
      },
      converts: {
        toJSON() {
          throw new Error("never");
        },
      },
    };
    expect(read(toJson(value))).toMatchObject({
      circular: { name: "kept", self: "[circular]" },
      big: "12345678901234567890",
      kept: [1, "two"],
      thrown: "[could not be written as JSON: no]",
      converts: "[could not be written as JSON: never]",
    });
    expect(toJson(deep).toString()).toMatch(/nested too deep|bottom/);
  });

  it("replaces half a surrogate pair, which strict parsers refuse, and leaves an escaped backslash alone", () => {
    expect(read(toJson({ text: "a\uD83Db", pair: "😀", escaped: "\\ud83d" }))).toEqual({
      text: "a\uFFFDb",
      pair: "😀",
      escaped: "\\ud83d",
    });
  });

  it("keeps a key named __proto__ as data", () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}, "big": 1}');
    value.big = 1n;
    expect(toJson(value).toString()).toBe('{"__proto__":{"polluted":true},"big":"1"}');
  });
});

describe("serializeRun", () => {
  it("writes the large fields on their own, and leaves attachment names without dots, quotes or doubles", () => {
    const run = newRun({
      error: "it broke",
      tags: ["a"],
      attachments: {
        "photo.of.me.png": { mimeType: "image/png", data: Buffer.from("png") },
        'photo"of_me_png': { mimeType: "bad\r\ntype", data: Buffer.from("two") },
        photo_of_me_png: { mimeType: "image/png", data: Buffer.from("three") },
      },
    });
    const parts = serializeRun(run);
    const { inputs, outputs, error, extra, attachments, ...core } = run;
    expect(read(parts.core)).toEqual(core);
    expect(Object.fromEntries(parts.fields.map(([name, json]) => [name, read(json)]))).toEqual({
      inputs,
      outputs,
      error,
      extra,
    });
    expect(parts.attachments.map(({ name, mimeType }) => [name, mimeType])).toEqual([
      ["photo_of_me_png", "image/png"],
      ["photo_of_me_png-2", "application/octet-stream"],
      ["photo_of_me_png-3", "image/png"],
    ]);
  });
});
