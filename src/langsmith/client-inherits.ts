// A native client whose runs carry what `tracingContext` put on the context that they run in.
import type { KeyValues } from "../wire/run.js";
import { changing } from "./changing-client.js";

/**
 * The same client, but that each run it sends has this metadata and these tags beside its own, which win. LangChain
 * takes them from its config as well, but forgets them where a call has a config of its own (every `createAgent` has),
 * and LangGraph doubles a config's tags.
 */
export function inheriting(client: object, metadata: Readonly<KeyValues>, tags: readonly string[]): object {
  return changing(client, (run) => withInherited(run, metadata, tags));
}

function withInherited(run: unknown, metadata: Readonly<KeyValues>, tags: readonly string[]): unknown {
  if (typeof run !== "object" || run === null) return run;
  const changed: Record<string, unknown> = { ...run };
  const extra: unknown = Reflect.get(run, "extra");
  if (typeof extra === "object" && extra !== null) {
    const own: unknown = Reflect.get(extra, "metadata");
    changed["extra"] = { ...extra, metadata: { ...metadata, ...(typeof own === "object" ? own : {}) } };
  } else if (Reflect.get(run, "start_time") !== undefined) changed["extra"] = { metadata: { ...metadata } };
  const own: unknown = Reflect.get(run, "tags");
  // A patch without tags leaves them as they are.
  if (Array.isArray(own) || (tags.length > 0 && Reflect.get(run, "start_time") !== undefined)) {
    changed["tags"] = [...new Set([...(Array.isArray(own) ? own : []), ...tags])];
  }
  return changed;
}
