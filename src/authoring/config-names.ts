// The options that a run is made with, by their names: what is not here is an error or a warning, never silence.
import { LangSmithOptionError } from "../errors.js";
import { check } from "../options/checks.js";
import { HIDE } from "../options/kinds.js";
import { isAboutPrivacy, nearestName, unknownOption } from "../options/names.js";
import { warnOnce } from "../warnings.js";
import type { TreeConfig } from "./run-tree-config.js";

const OF_A_TREE: readonly string[] = Object.keys({
  name: true,
  run_type: true,
  id: true,
  project_name: true,
  address: true,
  parent_run: true,
  parent_run_id: true,
  child_runs: true,
  dotted_order: true,
  trace_id: true,
  start_time: true,
  end_time: true,
  extra: true,
  metadata: true,
  tags: true,
  error: true,
  events: true,
  serialized: true,
  inputs: true,
  outputs: true,
  reference_example_id: true,
  client: true,
  tracingEnabled: true,
  attachments: true,
  replicas: true,
  on_end: true,
  execution_order: true,
  child_execution_order: true,
  contentAsAttributes: true,
} satisfies Record<keyof TreeConfig<unknown>, true>);

/** What only the config of a function has. */
const OF_A_FUNCTION = [
  "aggregator",
  "argsConfigPath",
  "__finalTracedIteratorKey",
  "__deferredSerializableArgOptions",
  "tracer",
  "on_start",
  "extractAttachments",
  "getInvocationParams",
  "processInputs",
  "processOutputs",
  "errorIn",
] as const;

/** The name of an option that is known. */
export type ConfigName = keyof TreeConfig<unknown> | (typeof OF_A_FUNCTION)[number];

const KNOWN: ReadonlySet<string> = new Set([...OF_A_TREE, ...OF_A_FUNCTION]);

/** What the langsmith package's own code writes into a config: it is nobody's wish. */
const OF_THE_PACKAGE: ReadonlySet<string> = new Set(["distributedParentId", "caller_options", "api_key", "api_url"]);

const MASKS = ["hideInputs", "hideOutputs", "hideMetadata", "anonymizer"] as const;

/**
 * Checks what a run, or every run of a function, is made with. A name that nobody knows is reported once.
 *
 * @throws LangSmithOptionError for what would be lost, or sent in clear, otherwise: replicas of its own, an option that
 * asks for hiding or masking, a client's mask that answers with a promise
 */
export function checkRunConfig(config: object): void {
  for (const name of Object.keys(config)) if (!KNOWN.has(name)) checkName(config, name);
  const { replicas, client }: { replicas?: unknown; client?: unknown } = config;
  checkReplicas(replicas);
  if (typeof client !== "object" || client === null) return;
  for (const name of MASKS) check(`client.${name}`, Reflect.get(client, name) ?? undefined, HIDE);
}

/** As {@link checkRunConfig}, for the config of one call, which must not fail for it: all of it is reported, once. */
export function reportRunConfig(config: object): void {
  try {
    checkRunConfig(config);
  } catch (error) {
    // A getter that throws is the application's, and read by itself in time.
    if (!(error instanceof LangSmithOptionError)) return;
    const message = error.message.replace("LSB_ERR_OPTION: ", "");
    warnOnce("LSB_WARN_RUN_OPTION", `In the config of one call: ${message}.`, shown(error.option));
  }
}

/** @throws LangSmithOptionError for replicas of one run: they would get nothing */
export function checkReplicas(replicas: unknown): void {
  if (!Array.isArray(replicas) || replicas.length === 0) return;
  throw new LangSmithOptionError(
    "replicas",
    "left out: runs go where the processor sends them. Name the replicas in its options (replicas: […]) or in LANGSMITH_RUNS_ENDPOINTS; reroot is not done, tracingContext and startTrace begin a trace of its own",
    replicas,
  );
}

function checkName(config: object, name: string): void {
  if (Reflect.get(config, name) === undefined || OF_THE_PACKAGE.has(name)) return;
  const known = [...KNOWN];
  if (isAboutPrivacy(name, known)) {
    throw new LangSmithOptionError(
      name,
      "",
      undefined,
      `${unknownOption(name, known).message}. Content is hidden by the processor's hideInputs, hideOutputs and hideMetadata, by a client (client: new Client({ hideInputs, anonymizer })), or by processInputs and processOutputs`,
    );
  }
  const near = nearestName(name, known);
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  warnOnce("LSB_WARN_RUN_OPTION", `A run has no option ${shown(name)}; it does nothing.${hint}`, shown(name));
}

function shown(name: string): string {
  return name.slice(0, 60);
}
