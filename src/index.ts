// The public face of the bridge.
export type { Run, RunContent, RunEvent, RunType } from "./run.js";
