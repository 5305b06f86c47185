/** Under this symbol a run tree knows what is in none of its public fields; two copies of the package can read it. */
export const TREE = Symbol.for("otel-langsmith.run-tree");
