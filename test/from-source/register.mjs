// Preloaded into the child processes of tests: programs that import the packages by name get their sources, so that no
// test needs a build first.
import { register } from "node:module";
import { register as registerTypeScript } from "tsx/esm/api";

// Called, since a bare import of tsx does nothing in worker threads.
registerTypeScript();
register("./resolve.mjs", import.meta.url);
