// What LangChain's root runs inherit where `tracingContext` is around them and no run is.
import type { TracingSettings } from "../identity/context.js";
import { partsOf } from "../wire/agent-address.js";
import { threadKeysOf } from "../wire/thread.js";
import { inheriting } from "./client-inherits.js";
import { nativeClass } from "./native-class.js";
import { inheritByConfig } from "./run-tree.js";

const grounds = new WeakMap<TracingSettings, object>();

/**
 * A tree without an id: LangChain takes client, project and config of what it finds in the store, and makes a root run
 * where that has no id. The native `traceable` sees no run tree in it. Undefined where there is nothing to inherit.
 */
export function rootsGround(settings: TracingSettings | undefined): object | undefined {
  const { metadata = {}, tags = [], projectName } = settings ?? {};
  if (!settings || (Object.keys(metadata).length === 0 && tags.length === 0 && projectName === undefined))
    return undefined;
  const known = grounds.get(settings);
  if (known) return known;
  const address = projectName === undefined ? undefined : partsOf(projectName);
  const client = sharedClient();
  const ground = {
    extra: { metadata: { ...metadata } },
    tags: [...tags],
    ...(projectName !== undefined && (address ? { address } : { project_name: projectName })),
    ...(client && { client: inheriting(client, metadata, tags) }),
  };
  inheritByConfig(ground, threadKeysOf(metadata));
  // The package's class may be loaded later: then there is a client to send with.
  if (client) grounds.set(settings, ground);
  return ground;
}

function sharedClient(): object | undefined {
  const RunTree = nativeClass();
  const getShared: unknown = RunTree && Reflect.get(RunTree, "getSharedClient");
  const client: unknown = typeof getShared === "function" ? Reflect.apply(getShared, RunTree, []) : undefined;
  return typeof client === "object" && client !== null ? client : undefined;
}
