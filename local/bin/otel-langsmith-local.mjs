#!/usr/bin/env node
// The command: as it was built, or from its sources in a fresh clone, where nothing is built yet.
import { existsSync } from "node:fs";

const built = new URL("../dist/cli.js", import.meta.url);
if (!existsSync(built)) (await import("tsx/esm/api")).register();
await import(existsSync(built) ? built.href : new URL("../src/cli.ts", import.meta.url).href);
