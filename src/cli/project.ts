// What the doctor says of the project that it is called in: versions, libraries, and what register would do there.

import { withoutCredentials } from "../credentials.js";
import type { Environment } from "../options/environment.js";
import { resolveOptions } from "../options/options.js";
import { blindCopies, describeCopies } from "../project/api-copies.js";
import { decideContent } from "../project/content-decision.js";
import { applicationProject, installCommand, installedVersion } from "../project/installed.js";
import { describeLibrary, findLibraries } from "../project/libraries.js";
import { applicationPackages } from "../project/packages.js";
import { AUTOMATIC, supportedHere } from "../project/supported.js";

/** Prints one finding. */
export type Say = (state: "ok" | "note" | "bad", what: string, todo?: string) => void;

const API = "@opentelemetry/api";
const SDKS = [
  "@opentelemetry/sdk-node",
  "@opentelemetry/sdk-trace-node",
  "@opentelemetry/sdk-trace-base",
  "@opentelemetry/sdk-trace",
];
const OLDEST_NODE = [20, 18, 1];

/** Looks at the project in the working directory. */
export function lookAtProject(env: Environment, say: Say): void {
  checkNode(process.versions.node, say);
  const project = applicationProject();
  const automatic = supportedHere(applicationPackages());
  const libraries = findLibraries(project, automatic?.supported ?? []);
  const versions = [API, ...SDKS, AUTOMATIC].flatMap((name) => {
    const version = installedVersion(name);
    return version === undefined ? [] : [`${name} ${version}`];
  });
  const hasSdk = SDKS.some((name) => installedVersion(name) !== undefined) || automatic !== undefined;
  const missing = [
    ...(installedVersion(API) === undefined ? [API] : []),
    ...(hasSdk ? [] : ["@opentelemetry/sdk-trace"]),
    ...(automatic ? [] : [AUTOMATIC]),
    ...libraries.flatMap(({ needs }) => needs),
  ];
  const command = installCommand(project, missing);
  if (hasSdk) say("ok", versions.join(", "));
  else say("note", `no OpenTelemetry SDK in ${project.folder}`, `Where spans are to be made here, run: ${command}`);
  const copies = blindCopies(installedVersion(API));
  if (copies.length > 0)
    say("bad", "two copies of @opentelemetry/api that do not see each other", describeCopies(copies));
  for (const library of libraries) say(library.isTraced ? "ok" : "note", describeLibrary(library));
  if (hasSdk) sayRegister(env, automatic?.count, command, say);
}

function checkNode(version: string, say: Say): void {
  const parts = version.split(".").map(Number);
  const at = OLDEST_NODE.findIndex((oldest, index) => parts[index] !== oldest);
  if (at >= 0 && (parts[at] ?? 0) < (OLDEST_NODE[at] ?? 0)) {
    say("bad", `Node ${version} is older than otel-langsmith supports`, `Use Node ${OLDEST_NODE.join(".")} or newer.`);
  }
}

function sayRegister(env: Environment, count: number | undefined, command: string, say: Say): void {
  const instrumentations = count === undefined ? "no automatic instrumentation" : `${count} instrumentations`;
  say(
    "ok",
    `node --import otel-langsmith/register would set up a provider, an AsyncLocalStorage context manager and ${instrumentations}`,
    count === undefined ? `For automatic spans, run: ${command}` : undefined,
  );
  if (count === undefined) return;
  try {
    const { note } = decideContent(resolveOptions({}, env), env, exportersOf(env));
    if (note !== undefined) say(note.includes("not captured") ? "note" : "ok", `under register, ${note}`);
  } catch (error) {
    say("bad", withoutCredentials(error instanceof Error ? error.message : String(error)), "Correct that variable.");
  }
}

function exportersOf({ OTEL_TRACES_EXPORTER: named, OTEL_EXPORTER_OTLP_ENDPOINT: address }: Environment): string[] {
  const names = named?.split(",").map((name) => name.trim()) ?? (address ? ["otlp"] : []);
  return names.filter((name) => name !== "" && name !== "none");
}
