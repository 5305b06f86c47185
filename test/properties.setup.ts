// Seeds of the property tests. `npm test` runs them with one seed, so that it tells the same twice; `npm run test:random`
// with another one for every property and every turn. fast-check prints the seed, the path and the shrunk example.
import fc from "fast-check";

const FIXED_SEED = 20_260_701;
const first = process.env["PROPERTY_SEED"];

if (first === undefined) fc.configureGlobal({ seed: FIXED_SEED });
else {
  let turn = Number(first);
  fc.configureGlobal({
    // Read once for each property that is checked. Seeds are 32 bits wide.
    get seed() {
      turn += 1;
      return turn | 0;
    },
  });
}
