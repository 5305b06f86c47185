// What of the langsmith package is not here: each name is an error that says where the thing is, when it is used.
import { NotHereError } from "./errors.js";

/** A function in the place of a missing one: called, or made with `new`, or asked for a member, it throws the way. */
export function missing(what: string, way: string): (...args: unknown[]) => never {
  const fail = (): never => {
    throw new NotHereError(what, way);
  };
  return new Proxy(fail, {
    apply: fail,
    construct: fail,
    // Printers and module loaders look at symbols and these names; everything else is a use.
    get: (target, key) =>
      typeof key === "symbol" || key in Function.prototype || key === "prototype" || key === "then" || key === "toJSON"
        ? Reflect.get(target, key)
        : fail(),
  });
}

const BESIDE =
  "and call joinLangSmith() of otel-langsmith/langsmith once, so that what runs inside nests under the same tree.";

/** Of an entry that stays the langsmith package's. */
export function keptThere(name: string, entry: string): (...args: unknown[]) => never {
  return missing(name, `Go on importing it from langsmith/${entry}, ${BESIDE}`);
}
