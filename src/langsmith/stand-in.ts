// Stands for a run of ours where the native package's own class is not loaded yet: LangChain reads its fields alone.
import { nativeClass } from "./native-class.js";
import type { NativeRun } from "./native-run.js";

/** A native run as LangChain's tracer reads it. A child of it is made of the package's class, which is loaded then. */
export class StandIn implements NativeRun {
  id = "";
  dotted_order = "";
  run_type = "chain";
  execution_order = 1;
  child_execution_order = 1;
  readonly #again: () => NativeRun;

  /** @param again makes the same tree of the package's class */
  constructor(config: object, again: () => NativeRun) {
    Object.assign(this, { serialized: {}, inputs: {} }, config);
    this.#again = again;
  }

  createChild(config: object): NativeRun {
    if (!nativeClass(true)) throw new Error("the langsmith package cannot be loaded");
    const tree = this.#again();
    // The class may be another copy's than the one that asks: what it named to send with is that one's.
    const client: unknown = Reflect.get(config, "client");
    if (typeof client === "object" && client !== null) tree.client = client;
    return tree.createChild(config);
  }

  async postRun(): Promise<void> {}

  async patchRun(): Promise<void> {}
}
