import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rememberCustomId, runIdOf, spanIdOf } from "../../src/identity/run-ids.js";
import { isUuid, millisOfUuid7, uuid7, uuid7FromTime } from "../../src/wire/ids.js";

const hex = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
    .map((digits) => digits.map((d) => d.toString(16)).join(""));
const spanContext = fc.record({ traceId: hex(32), spanId: hex(16) });
const millis = fc.integer({ min: 0, max: 8_000_000_000_000 });

describe("run ids", () => {
  it("are UUID v7 of the span's own start, and lead back to the span", () => {
    fc.assert(
      fc.property(spanContext, millis, fc.integer({ min: 0, max: 999_999 }), (context, start, nanos) => {
        const id = runIdOf(context, [Math.floor(start / 1000), (start % 1000) * 1_000_000 + nanos]);
        expect(isUuid(id)).toBe(true);
        expect(id.charAt(14)).toBe("7");
        expect("89ab").toContain(id.charAt(19));
        expect(millisOfUuid7(id)).toBe(start);
        expect(spanIdOf(id)).toBe(context.spanId);
      }),
    );
  });

  it("differ when the last ten bits of the trace id differ", () => {
    fc.assert(
      fc.property(
        hex(16),
        hex(29),
        fc.integer({ min: 0, max: 1023 }),
        fc.integer({ min: 0, max: 1023 }),
        (spanId, head, a, b) => {
          const id = (bits: number) => runIdOf({ traceId: head + bits.toString(16).padStart(3, "0"), spanId }, [1, 0]);
          expect(id(a) === id(b)).toBe(a === b);
        },
      ),
    );
  });

  it("are the same for a second export of the same span", () => {
    const context = { traceId: "a8081892c6576324120b4cf89e949895", spanId: "1d1cffa6fc251899" };
    expect(runIdOf(context, [1795249512, 431000000])).toBe(runIdOf({ ...context }, [1795249512, 431999999]));
    // 7, the span id's first three digits; variant with two bits of the trace id's 30th digit, its last two; the rest.
    expect(runIdOf(context, [1795249512, 431000000]).slice(14)).toBe("71d1-895c-ffa6fc251899");
  });

  it("lead to no span where they are custom", () => {
    const custom = uuid7();
    rememberCustomId(custom);
    expect(spanIdOf(custom)).toBeUndefined();
    expect(spanIdOf("a36092d2-4ad5-4fb4-9c0d-0dba9a2ed836")).toBeUndefined();
    expect(spanIdOf("no id at all")).toBeUndefined();
  });
});

describe("uuid7", () => {
  it("makes ids of now that keep their order and never repeat", () => {
    const before = Date.now();
    const ids = Array.from({ length: 20_000 }, uuid7);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    expect(ids.every(isUuid)).toBe(true);
    expect(millisOfUuid7(ids[0] ?? "")).toBeGreaterThanOrEqual(before);
  });

  it("takes a time, and says which one it cannot take", () => {
    expect(millisOfUuid7(uuid7FromTime(1_700_000_000_123))).toBe(1_700_000_000_123);
    expect(millisOfUuid7(uuid7FromTime("2024-01-02T03:04:05.678Z"))).toBe(Date.parse("2024-01-02T03:04:05.678Z"));
    expect(() => uuid7FromTime("yesterday")).toThrow(/LSB_ERR_TIME.*yesterday/);
    expect(() => uuid7FromTime(-1)).toThrow(/LSB_ERR_TIME/);
    expect(() => uuid7FromTime(Number.NaN)).toThrow(expect.objectContaining({ code: "LSB_ERR_TIME" }));
    expect(() => uuid7FromTime(JSON.parse("null"))).toThrow(expect.objectContaining({ code: "LSB_ERR_TIME" }));
  });
});
