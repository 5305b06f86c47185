// Run trees from outside and to outside: headers both ways, runs that LangSmith returned.

import { placeOfDottedOrder } from "../identity/place.js";
import { snapshotOf } from "../snapshot/snapshot.js";
import { isAddress } from "../wire/agent-address.js";
import { decodeEntry, decodeObject, encodeEntry, readLangSmithEntries } from "../wire/baggage.js";
import type { KeyValues } from "../wire/run.js";
import { inheritable } from "./authored-run.js";
import type { TreeRecord } from "./record.js";
import type { OwnConfig, TreeConfig } from "./run-tree-config.js";

/** `Headers`, or what looks like them. */
export interface HeadersLike {
  get(name: string): string | null;
  set(name: string, value: string): void;
}

/** A run as LangSmith returns it, or a saved reference. */
export interface RunLike {
  readonly id: string;
  readonly name?: string;
  readonly run_type?: string;
  readonly trace_id?: string | null;
  readonly dotted_order?: string | null;
  readonly parent_run_id?: string | null;
  readonly session_name?: string | null;
  readonly extra?: KeyValues | null;
  readonly inputs?: KeyValues | null;
  readonly tags?: string[] | null;
}

function isHeaders(headers: object): headers is HeadersLike {
  return "get" in headers && typeof headers.get === "function";
}

/** What one header says, whatever the spelling of its name. */
function headerOf(
  headers: Readonly<Record<string, string | string[] | undefined>> | HeadersLike,
  name: string,
): string | undefined {
  if (isHeaders(headers)) return headers.get(name) ?? undefined;
  const found = headers[name] ?? Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return Array.isArray(found) ? found.join(",") : typeof found === "string" ? found : undefined;
}

/**
 * The config of the run that headers name. Of the baggage, metadata, tags and the project are read, as the caller of
 * `fromHeaders` vouches for the sender; addresses, keys and replicas never are. Nothing in a header throws.
 */
export function configOfHeaders<Tree>(
  headers: Readonly<Record<string, string | string[] | undefined>> | HeadersLike,
  inherit: Partial<TreeConfig<Tree>> = {},
): TreeConfig<Tree> | undefined {
  const place = placeOfDottedOrder(headerOf(headers, "langsmith-trace")?.trim());
  if (!place) return undefined;
  const { parent_run: _parent, ...given } = inherit;
  return {
    ...given,
    name: inherit.name ?? "parent",
    run_type: inherit.run_type ?? "chain",
    id: place.runId,
    dotted_order: place.dottedOrder,
    ...readBaggage(headerOf(headers, "baggage") ?? ""),
  };
}

function readBaggage(header: string): Pick<OwnConfig, "metadata" | "tags" | "project_name"> {
  const entries = readLangSmithEntries(header);
  const metadata = decodeObject(entries.get("langsmith-metadata") ?? "");
  const tags = decodeEntry(entries.get("langsmith-tags") ?? "");
  const address = decodeEntry(entries.get("langsmith-address") ?? "");
  const project = decodeEntry(entries.get("langsmith-project") ?? "") || (isAddress(address) ? address : undefined);
  return {
    ...(metadata && { metadata: snapshotOf(metadata) }),
    ...(tags && { tags: tags.split(",").filter(Boolean) }),
    ...(project && { project_name: project }),
  };
}

/** The headers that name a run, as the langsmith package writes them. */
export function headersOf(tree: TreeRecord): { "langsmith-trace": string; baggage: string } {
  const items: string[] = [];
  const metadata = snapshotOf(inheritable(tree.metadata));
  if (Object.keys(metadata).length > 0) items.push(`langsmith-metadata=${encodeEntry(JSON.stringify(metadata))}`);
  if (tree.tags?.length) items.push(`langsmith-tags=${encodeEntry(tree.tags.join(","))}`);
  const { project_name: project } = tree;
  if (project) items.push(`langsmith-${isAddress(project) ? "address" : "project"}=${encodeEntry(project)}`);
  return { "langsmith-trace": tree.dotted_order, baggage: items.join(",") };
}

/** A run that LangSmith returned, or a reference, as a config. */
export function configOfRun(run: RunLike): OwnConfig {
  const { id, name = "parent", dotted_order, session_name, extra, inputs, tags, run_type, parent_run_id } = run;
  return {
    id,
    name,
    ...(dotted_order != null && { dotted_order }),
    ...(parent_run_id != null && { parent_run_id }),
    ...(session_name != null && { project_name: session_name }),
    ...(extra != null && { extra }),
    ...(inputs != null && { inputs }),
    ...(tags != null && { tags }),
    ...(run_type != null && { run_type }),
  };
}
