// The types of print.mjs, for its tests.
import type { Node } from "./trace.mjs";

export declare function printedTree(root: Node, inColour: boolean): string;
