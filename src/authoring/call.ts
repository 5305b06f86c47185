// One call of a traced function, read: the config of this one call, the parent it was given, its own arguments.

import { reportRunConfig } from "./config-names.js";
import type { RunTree } from "./run-tree.js";
import { isRunTree, RunTree as RunTreeClass } from "./run-tree.js";
import { tagsOf } from "./run-tree-config.js";
import { isRunnableConfigLike, parentOfRunnableConfig } from "./runnable-config.js";
import { type LooseConfig, ROOT } from "./types.js";
import { isKeyValues } from "./values.js";

/** A call, before it runs. */
export interface Call {
  readonly config: LooseConfig;
  /** Given before the arguments; undefined: the context's. */
  readonly parent: RunTree | typeof ROOT | undefined;
  /** The function gets its run tree in the parent's stead. */
  readonly passesTree: boolean;
  readonly args: unknown[];
}

/** A config laid over another: tags and metadata add up. */
export function callConfig(own: LooseConfig, more: Partial<LooseConfig> | undefined): LooseConfig {
  if (!more) return own;
  return {
    ...own,
    ...more,
    tags: [...new Set([...(tagsOf(own.tags) ?? []), ...(tagsOf(more.tags) ?? [])])],
    metadata: { ...own.metadata, ...more.metadata },
  };
}

/** Reads the arguments that a traced function was called with. Never throws. */
export function readCall(own: LooseConfig, given: readonly unknown[]): Call {
  let args = [...given];
  let config = own;
  if (own.argsConfigPath) {
    const taken = takeConfig(args, own.argsConfigPath);
    args = taken.args;
    if (taken.config) reportRunConfig(taken.config);
    config = callConfig(own, taken.config);
  }
  const [first, ...rest] = args;
  if (first === ROOT) return { config, parent: ROOT, passesTree: true, args: rest };
  if (typeof first !== "object" || first === null) return { config, parent: undefined, passesTree: false, args };
  if (isRunTree(first)) return { config, parent: first, passesTree: true, args: rest };
  if (isRunnableConfigLike(first)) {
    const { parent, projectName, metadata } = parentOfRunnableConfig(first);
    const named = projectName === undefined ? config : { project_name: projectName, ...config };
    if (!parent) return { config: named, parent: undefined, passesTree: false, args: rest };
    const above = RunTreeClass.fromRun({ ...parent, extra: { ...parent.extra, metadata } });
    return { config, parent: above, passesTree: false, args: rest };
  }
  return { config, parent: undefined, passesTree: false, args };
}

function takeConfig(
  args: unknown[],
  [index, path]: readonly [number] | readonly [number, string],
): { args: unknown[]; config: Partial<LooseConfig> | undefined } {
  const at = args[index];
  if (path === undefined) {
    if (!isKeyValues(at)) return { args, config: undefined };
    return { args: args.toSpliced(index, 1), config: at };
  }
  if (typeof at !== "object" || at === null || !(path in at)) return { args, config: undefined };
  const { [path]: config, ...rest }: Record<string, unknown> = { ...at };
  return { args: args.with(index, rest), config: isKeyValues(config) ? config : undefined };
}
