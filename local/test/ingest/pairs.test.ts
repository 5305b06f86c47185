// The tokens under which a run's tags and key-values are found: what a query asks for is what ingestion wrote.
import fc from "fast-check";
import { expect, test } from "vitest";
import { keyToken, pairsOf, pairToken, tagToken, tokensOf, valueToken } from "../../src/ingest/pairs.js";

test("a run has the token of each of its tags, keys, values and pairs, and no other", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.string()), (value, tags) => {
      const pairs = pairsOf(value);
      const wanted = tags.map(tagToken);
      for (const [key, leaf] of pairs) {
        wanted.push(keyToken("i", key));
        if (leaf !== null) wanted.push(valueToken("i", leaf), pairToken("i", key, leaf));
      }
      const tokens = tokensOf({ m: [], i: pairs, o: [] }, tags).split(" ").filter(Boolean);
      expect(new Set(tokens)).toEqual(new Set(wanted));
    }),
  );
});
