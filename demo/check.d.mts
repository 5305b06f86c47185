// The types of check.mjs, for its tests.
import type { TracedRun } from "./trace.mjs";

export declare const expectedOutlines: string[];
export declare function problemsOf(runs: TracedRun[], spent: { input: number; output: number }): string[];
export declare const limitMillis: number;
export declare function problemsOfTime(millis: number): string[];
export declare function inSeconds(millis: number): string;
