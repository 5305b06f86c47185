// The clients that runs are made with: what they were told to hide goes along with the run, and what only the
// processor can do is reported once.
import { differenceOf } from "../client/difference.js";
import { rulesOf } from "../privacy/client-rules.js";
import { warnOnce } from "../warnings.js";

/** A client, of this package or of langsmith, as far as a run is concerned. */
export type ClientLike = object;

/** A client among those whose rules a run obeys; undefined where it has none. */
export function obeyed(client: unknown): readonly object[] | undefined {
  if (typeof client !== "object" || client === null) return undefined;
  return rulesOf(client) ? [client] : undefined;
}

/** Reports once that runs do not go where a client of another address or key would send them. */
export function warnOfOtherDestination(client: object): void {
  const difference = differenceFromProcessor(client);
  if (difference === undefined) return;
  warnOnce(
    "LSB_WARN_CLIENT",
    `A run was given a client with ${difference}; its runs go where the processor sends them, with the processor's key. Give the processor that address and key, or a replica (replicas: […]), to send runs there.`,
    difference,
  );
}

/** A client of this package knows it; one of langsmith has its address and key among its fields. */
function differenceFromProcessor(client: object): string | undefined {
  const own: unknown = Reflect.get(client, "differsFromProcessor");
  if (typeof own === "function") {
    const difference: unknown = Reflect.apply(own, client, []);
    return typeof difference === "string" ? difference : undefined;
  }
  return differenceOf({
    apiUrl: textAt(client, "apiUrl"),
    apiKey: textAt(client, "apiKey"),
    workspaceId: textAt(client, "workspaceId"),
  });
}

function textAt(client: object, name: string): string | undefined {
  const value: unknown = Reflect.get(client, name);
  return typeof value === "string" ? value : undefined;
}
