// A folder for an application of its own.
import { existsSync } from "node:fs";
import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Makes a new temporary folder in which Node finds no package but those that are put there: it looks in the folders
 * above, too, and what it found there would make a test of what an application has pass or fail for nothing.
 * @throws when a folder above has packages.
 */
export async function makeBareFolder(prefix: string): Promise<string> {
  // On macOS the temporary folder is itself a link.
  const above = await realpath(tmpdir());
  for (let place = above; ; place = dirname(place)) {
    const packages = join(place, "node_modules");
    if (existsSync(packages)) throw new Error(`${packages} is seen from temporary folders: remove it, or set TMPDIR.`);
    if (place === dirname(place)) break;
  }
  return mkdtemp(join(above, prefix));
}
