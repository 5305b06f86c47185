#!/usr/bin/env node
// The command line: `serve` (the default) and `runs`.
import { main } from "./cli/main.js";

process.exitCode = await main(process.argv.slice(2));
