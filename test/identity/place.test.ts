import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { childPlace, type ParentPlace, placeOfDottedOrder, rootPlace, shiftUnder } from "../../src/identity/place.js";
import { runIdAt } from "../../src/identity/run-ids.js";
import { parseDottedOrder } from "../../src/wire/dotted-order.js";
import { uuid7 } from "../../src/wire/ids.js";
import { isoOf, microsOfIso, microsOfSegmentTime, segmentTimeOf } from "../../src/wire/time.js";

const micros = fc.integer({ min: 0, max: 4_000_000_000_000_000 });

describe("times", () => {
  it("are spelled with six digits and read back the same", () => {
    fc.assert(
      fc.property(micros, (at) => {
        expect(segmentTimeOf(at)).toMatch(/^\d{8}T\d{12}Z$/);
        expect(microsOfSegmentTime(segmentTimeOf(at))).toBe(at);
        expect(microsOfIso(isoOf(at))).toBe(at);
      }),
    );
  });

  it.each(["20260230T000000000000Z", "20260101T250000000000Z", "20260101T000000000Z", "2026-01-01", ""])(
    "refuses %j",
    (text) => {
      expect(microsOfSegmentTime(text)).toBeUndefined();
    },
  );
});

describe("a random tree of places", () => {
  // Each step puts a child under an earlier place, at a time near it, before or after.
  const steps = fc.array(fc.tuple(fc.nat(), fc.integer({ min: -5_000, max: 5_000 }), fc.boolean()), { maxLength: 200 });

  it("obeys every rule of the service, whatever the clocks say", () => {
    fc.assert(
      fc.property(micros, steps, (start, children) => {
        const places: ParentPlace[] = [rootPlace(uuid7(), start)];
        for (const [pick, delta, isWhole] of children) {
          const parent = places[pick % places.length];
          if (!parent) continue;
          const at = Math.max(0, parent.startMicros + delta);
          places.push(childPlace(parent, uuid7(), isWhole ? at - (at % 1000) : at));
        }
        for (const place of places) {
          const segments = parseDottedOrder(place.dottedOrder);
          expect(segments).toBeDefined();
          expect(segments?.at(-1)).toEqual({ micros: place.startMicros, runId: place.runId });
          expect(segments?.[0]?.runId).toBe(place.traceId);
          expect(segments?.at(-2)?.runId).toBe(place.parentRunId);
        }
      }),
    );
  });

  it("keeps siblings of one millisecond in the order in which they started, and saturates at 999", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 1500 }), (digits, count) => {
        const root = rootPlace(uuid7(), 1_700_000_000_000_000 + digits);
        const siblings = Array.from({ length: count }, () => childPlace(root, uuid7(), 1_700_000_000_000_000));
        const times = siblings.map((place) => place.startMicros % 1000);
        expect(times[0]).toBe(digits);
        for (let at = 1; at < times.length; at += 1) expect(times[at]).toBe(Math.min(999, (times[at - 1] ?? 0) + 1));
      }),
    );
  });

  it("begins at the parent's own digits for each parent", () => {
    const root = rootPlace(uuid7(), 1_700_000_000_000_000);
    const third = [0, 1, 2].map(() => childPlace(root, uuid7(), 1_700_000_000_000_000))[2];
    expect(third && childPlace(third, uuid7(), 1_700_000_000_000_000).startMicros % 1000).toBe(2);
  });

  it("keeps microseconds that a span brought itself", () => {
    const root = rootPlace(uuid7(), 1_700_000_000_000_000);
    expect(childPlace(root, uuid7(), 1_700_000_000_000_417).startMicros).toBe(1_700_000_000_000_417);
  });
});

describe("a place from outside", () => {
  it("moves the subtree by what it is ahead, and nothing within one millisecond", () => {
    const remote = rootPlace(uuid7(), 1_700_000_000_500_000);
    expect(shiftUnder(remote, 1_700_000_000_000_000)).toBe(500_000);
    expect(shiftUnder(remote, 1_700_000_000_499_500)).toBe(0);
    expect(shiftUnder(remote, 1_700_000_001_000_000)).toBe(0);
  });

  it("is read with every rule", () => {
    const root = rootPlace(uuid7(), 1_700_000_000_000_000);
    const child = childPlace(root, uuid7(), 1_700_000_000_000_000);
    expect(placeOfDottedOrder(child.dottedOrder)).toMatchObject({
      runId: child.runId,
      traceId: root.runId,
      parentRunId: root.runId,
      dottedOrder: child.dottedOrder,
    });
    const earlier = child.dottedOrder.replace(/\.(\d{4})/, ".1999");
    for (const wrong of [
      earlier,
      `${child.dottedOrder}.`,
      `${root.dottedOrder}.${root.dottedOrder}`,
      "x",
      "",
      undefined,
      7,
      root.dottedOrder.replace("Z", "z"),
    ]) {
      expect(placeOfDottedOrder(wrong)).toBeUndefined();
    }
  });

  it("names the run in lower case, as the id is made", () => {
    const id = runIdAt("a8081892c6576324120b4cf89e949895", "1d1cffa6fc251899", 1_700_000_000_000);
    const place = placeOfDottedOrder(rootPlace(id.toUpperCase(), 1_700_000_000_000_000).dottedOrder);
    expect(place?.runId).toBe(id);
    expect(place?.dottedOrder).toContain(id);
  });
});
