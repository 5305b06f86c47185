// The fault suite in its short form: each fault for a tenth of its time. `npm run faults` is the long one.
import { describe, expect, it } from "vitest";
import { CASES, SHORT } from "./cases.js";

describe("delivery loses nothing it could have kept", () => {
  for (const fault of CASES.filter((entry) => !entry.isLongOnly)) {
    it(`when ${fault.name}`, async () => {
      const row = await fault.run(SHORT);
      expect(row.faults, JSON.stringify(row)).toEqual([]);
    }, 60_000);
  }
});
