// Builds the two packages when their builds are missing or older than their sources, so that a fresh clone needs no
// step of its own between `npm ci` and `npm run demo`.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd } from "./children.mjs";

/**
 * @param {string} root @param {AbortSignal} signal
 * @returns {Promise<boolean>} Whether it built.
 */
export async function buildIfStale(root, signal) {
  if (!(await isStale(root)) && !(await isStale(join(root, "local")))) return false;
  const npm = process.env["npm_execpath"];
  const [command, args] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  await runToEnd(command, [...args, "run", "build"], root, signal);
  return true;
}

/** @param {string} folder */
async function isStale(folder) {
  const built = await oldestBuild(join(folder, "dist"));
  const configured = await Promise.all(["package.json", "tsup.config.ts"].map((name) => changedAt(join(folder, name))));
  return Math.max(await newestSource(join(folder, "src")), ...configured) > built;
}

/** @param {string} folder */
async function newestSource(folder) {
  const names = await readdir(folder, { recursive: true });
  return Math.max(...(await Promise.all(names.map((name) => changedAt(join(folder, name))))));
}

/** A build is as old as its oldest file: one that was broken off leaves old ones behind. @param {string} folder */
async function oldestBuild(folder) {
  const names = await readdir(folder).catch(() => /** @type {string[]} */ ([]));
  if (!names.includes("index.js")) return 0;
  const files = names.filter((name) => /\.c?js$/u.test(name));
  return Math.min(...(await Promise.all(files.map((name) => changedAt(join(folder, name))))));
}

/** @param {string} path */
async function changedAt(path) {
  return (await stat(path)).mtimeMs;
}
