// A native client whose runs hang under runs of ours that were made with a client which hides: they hide as much.

import { hideByClients } from "../privacy/client-rules.js";
import { kindOfThrown } from "../thrown.js";
import { warnOnce } from "../warnings.js";
import type { Run } from "../wire/run.js";
import { changing } from "./changing-client.js";

/** The same client, but that what it sends is hidden and masked as these clients were told, before its own rules. */
export function obeying(client: object, clients: readonly object[]): object {
  return changing(client, (run) => hidden(run, clients));
}

function hidden(run: unknown, clients: readonly object[]): unknown {
  if (typeof run !== "object" || run === null) return run;
  const extra: unknown = Reflect.get(run, "extra");
  const metadata: unknown = typeof extra === "object" && extra !== null ? Reflect.get(extra, "metadata") : undefined;
  // The native package's runs have the fields of ours, as far as hiding looks at them; a patch has some of them.
  const whole = extra ? { ...run, extra: { ...extra, metadata: metadata ?? {} } } : run;
  return hideByClients(whole as Run, clients, sayFailed);
}

function sayFailed(option: string, error: unknown): void {
  warnOnce("LSB_WARN_HIDE", `${option} threw (${kindOfThrown(error)}); the field is left out of the run.`, option);
}
