// The lockfile, which `npm ci` takes at its word: on every platform, from every registry.
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { z } from "zod";

const entry = z.object({
  resolved: z.string().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const { packages } = z
  .object({ packages: z.record(z.string(), entry) })
  .parse(JSON.parse(await readFile("package-lock.json", "utf8")));

it("names every optional build of every package, for the platforms of others too", () => {
  // npm leaves out those that its registry did not have when the lock was written, and then refuses the lock.
  const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !placesFrom(place).some((at) => `${at}node_modules/${name}` in packages),
    ),
  );
  expect(missing).toEqual([]);
});

it("names no registry", () => {
  const resolved = Object.values(packages).flatMap((each) => each.resolved ?? []);
  expect(resolved.filter((address) => /^https?:/.test(address))).toEqual([]);
});

/** Where a package's dependencies may lie: its own folder, and every one above. */
function placesFrom(place: string): string[] {
  const parts = place === "" ? [] : place.split("/node_modules/");
  const folders = parts.map((_, depth) => `${parts.slice(0, depth + 1).join("/node_modules/")}/`);
  return ["", ...folders];
}
