// Two processors on one provider that send to one project: each trace is there twice.
import type { Bridge } from "../bridges.js";
import type { EntryOwner, SpanEntry } from "../identity/node.js";
import { warnOnce } from "../warnings.js";

/** Warns once where a span has the entries of two bridges with one destination. */
export function warnWhenDoubled(entries: readonly SpanEntry[]): void {
  const bridges = entries.map(({ owner }) => owner).filter(isBridge);
  for (const [at, bridge] of bridges.entries()) {
    if (bridges.slice(0, at).some((earlier) => isSameDestination(earlier, bridge))) {
      warnOfDouble(bridge);
      return;
    }
  }
}

/** As {@link warnWhenDoubled}, of an exporter and the processor whose span it was handed. */
export function warnWhenBehind(owner: EntryOwner, exporter: Bridge): void {
  if (isBridge(owner) && owner !== exporter && isSameDestination(owner, exporter)) warnOfDouble(exporter);
}

function isBridge(owner: EntryOwner): owner is Bridge {
  return "destination" in owner && "projectName" in owner;
}

function isSameDestination(one: Bridge, other: Bridge): boolean {
  return (
    one.projectName === other.projectName &&
    one.destination.apiUrl === other.destination.apiUrl &&
    one.destination.workspaceId === other.destination.workspaceId
  );
}

function warnOfDouble({ projectName }: Bridge): void {
  warnOnce(
    "LSB_WARN_TWO_PROCESSORS",
    `Two processors (or exporters) of otel-langsmith get the same spans and send them to one project, ${JSON.stringify(projectName)}: each trace is there twice. Keep one of them; register() brings one of its own.`,
    projectName,
  );
}
