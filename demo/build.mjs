// Builds the two packages when their builds are missing or older than their sources, so that a fresh clone needs no
// step of its own between `npm ci` and `npm run demo`.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd } from "./children.mjs";

/**
 * @param {string} root
 * @param {{ signal?: AbortSignal, withTypes?: boolean }} [options]  Types take most of a build's time, and only who
 *   packs the packages needs them. Default: without.
 * @returns {Promise<boolean>} Whether it built.
 */
export async function buildIfStale(root, { signal, withTypes = false } = {}) {
  const wanted = withTypes ? /\.(c?js|d\.c?ts)$/u : /\.c?js$/u;
  if (!(await isStale(root, wanted)) && !(await isStale(join(root, "local"), wanted))) return false;
  const npm = process.env["npm_execpath"];
  const [command, args] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  await runToEnd(command, [...args, "run", withTypes ? "build" : "build:js"], root, signal);
  return true;
}

/** @param {string} folder @param {RegExp} wanted */
async function isStale(folder, wanted) {
  const built = await oldestBuild(join(folder, "dist"), wanted);
  const configured = await Promise.all(
    ["package.json", "tsdown.config.ts"].map((name) => changedAt(join(folder, name))),
  );
  return Math.max(await newestSource(join(folder, "src")), ...configured) > built;
}

/** @param {string} folder */
async function newestSource(folder) {
  const names = await readdir(folder, { recursive: true });
  return Math.max(...(await Promise.all(names.map((name) => changedAt(join(folder, name))))));
}

/**
 * A build is as old as its oldest file: one that was broken off leaves old ones behind.
 * @param {string} folder @param {RegExp} wanted
 */
async function oldestBuild(folder, wanted) {
  const names = await readdir(folder).catch(() => /** @type {string[]} */ ([]));
  const files = names.filter((name) => wanted.test(name));
  const isWhole = files.includes("index.js") && (!wanted.test("index.d.ts") || files.includes("index.d.ts"));
  if (!isWhole) return 0;
  return Math.min(...(await Promise.all(files.map((name) => changedAt(join(folder, name))))));
}

/** @param {string} path */
async function changedAt(path) {
  return (await stat(path)).mtimeMs;
}
