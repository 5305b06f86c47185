// In what a client differs from the processor that sends the runs which are made with it.

import { primaryBridge } from "../bridges.js";
import { withoutSlashesAtEnd } from "../wire/address.js";

/** A client's own address, key and workspace, as far as it has them. */
export interface OwnDestination {
  readonly apiUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly workspaceId?: string | undefined;
}

/** In what a client differs from the processor; undefined where it does not, or where no processor runs. */
export function differenceOf({ apiUrl, apiKey, workspaceId }: OwnDestination): string | undefined {
  const bridge = primaryBridge();
  if (!bridge) return undefined;
  const { destination } = bridge;
  if (apiUrl !== undefined && withoutSlashesAtEnd(apiUrl) !== withoutSlashesAtEnd(destination.apiUrl)) {
    return `another address (${hostOf(apiUrl)})`;
  }
  if (apiKey !== undefined && typeof destination.apiKey === "string" && apiKey !== destination.apiKey) {
    return "another key";
  }
  return workspaceId !== undefined && workspaceId !== destination.workspaceId ? "another workspace" : undefined;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "no address at all";
}
