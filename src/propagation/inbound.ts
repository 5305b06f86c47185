// From headers to a place in a context. Headers are data from strangers: nothing in one can throw, redirect or grow.

import { type Context, propagation, type TextMapGetter } from "@opentelemetry/api";
import { bridges } from "../bridges.js";
import { setPlace } from "../identity/context.js";
import { knownPlace } from "../identity/known-places.js";
import { MAX_AHEAD_MICROS } from "../identity/place.js";
import { projectWithoutBridge } from "../options/project.js";
import { isUnawaited } from "../unawaited.js";
import { callUser } from "../user-callbacks.js";
import { isAddress } from "../wire/agent-address.js";
import { decodeEntry, decodeObject, readLangSmithEntries } from "../wire/baggage.js";
import type { KeyValues } from "../wire/run.js";
import { withoutOurs } from "./baggage.js";
import type { InboundRules } from "./options.js";
import { type Refusals, sayProjectRefused } from "./refusals.js";

export const TRACE_HEADER = "langsmith-trace";
export const BAGGAGE_HEADER = "baggage";

/** A longer header is not read: 16 KiB are 277 runs deep, and all that Node takes for the headers of one request. */
export const MAX_TRACE_CHARACTERS = 16_384;
const MAX_METADATA_CHARACTERS = 8_192;
const MAX_VALUE_CHARACTERS = 1_024;
const MAX_TAGS = 32;
const MAX_TAG_CHARACTERS = 128;
const MAX_PROJECT_CHARACTERS = 256;

/** Reads one header; what a carrier has twice is joined, as HTTP does. */
export type ReadHeader = (name: string) => unknown;

/** A reader over an OpenTelemetry carrier. */
export function readerOf<Carrier>(carrier: Carrier, getter: TextMapGetter<Carrier>): ReadHeader {
  return (name) => {
    const value: unknown = getter.get(carrier, name);
    return Array.isArray(value) ? value.join(",") : value;
  };
}

/** The context with the place its headers name, where they name one that is accepted; else the same context. */
export function takeHeaders(
  context: Context,
  carrier: unknown,
  read: ReadHeader,
  rules: InboundRules,
  refusals: Refusals,
): Context {
  try {
    const clean = stripBaggage(context);
    const header = read(TRACE_HEADER);
    if (header === undefined || header === null || header === "") return clean;
    if (!isWanted(rules, carrier, refusals)) return clean;
    return take(clean, header, read, rules, refusals);
  } catch {
    refusals.count("carrier");
    return context;
  }
}

// W3C baggage has put every entry into the context by now; ours must not travel on from there unseen.
function stripBaggage(context: Context): Context {
  const baggage = propagation.getBaggage(context);
  if (!baggage) return context;
  const clean = withoutOurs(baggage);
  return clean === baggage ? context : propagation.setBaggage(context, clean);
}

function isWanted({ trace }: InboundRules, carrier: unknown, refusals: Refusals): boolean {
  if (typeof trace === "boolean") return trace;
  try {
    const answer: unknown = callUser(() => trace(carrier));
    if (isUnawaited(answer)) refusals.count("carrier");
    return answer === true;
  } catch {
    refusals.count("carrier");
    return false;
  }
}

/** What a client and the HTTP client below it both wrote is there twice: the same is no contradiction. */
function onceOf(header: string): string {
  const [first = "", ...rest] = header.split(",").map((part) => part.trim());
  return rest.every((part) => part === first) ? first : header;
}

function take(context: Context, header: unknown, read: ReadHeader, rules: InboundRules, refusals: Refusals): Context {
  if (typeof header === "string" && header.length > MAX_TRACE_CHARACTERS) {
    refusals.count("too_long");
    return context;
  }
  const place = typeof header === "string" ? knownPlace(onceOf(header)) : undefined;
  if (!place) {
    refusals.count("malformed");
    return context;
  }
  if (place.startMicros - Date.now() * 1000 > MAX_AHEAD_MICROS) {
    refusals.count("ahead");
    return context;
  }
  const baggage = read(BAGGAGE_HEADER);
  const ours = typeof baggage === "string" ? readLangSmithEntries(baggage) : NOTHING;
  const project = projectIn(ours, refusals) ?? addressIn(ours, refusals);
  if (project !== undefined && !isAccepted(project, rules)) {
    refusals.count("project");
    sayProjectRefused(project);
    return context;
  }
  return setPlace(context, {
    place,
    isFromHeader: true,
    project,
    metadata: metadataIn(ours, rules, refusals),
    tags: tagsIn(ours, rules, refusals),
  });
}

const NOTHING: ReadonlyMap<string, string> = new Map();

function projectIn(ours: ReadonlyMap<string, string>, refusals: Refusals): string | undefined {
  const raw = ours.get("langsmith-project");
  if (raw === undefined || raw === "") return undefined;
  const project = decodeEntry(raw);
  if (project !== undefined && project !== "" && project.length <= MAX_PROJECT_CHARACTERS && !hasControl(project)) {
    return project;
  }
  refusals.count("metadata");
  return undefined;
}

/** An agent's address stands where a project's name does, and is trusted as one; an unusable one is not there. */
function addressIn(ours: ReadonlyMap<string, string>, refusals: Refusals): string | undefined {
  const raw = ours.get("langsmith-address");
  if (raw === undefined || raw === "") return undefined;
  const address = decodeEntry(raw);
  if (isAddress(address)) return address;
  refusals.count("metadata");
  return undefined;
}

function isAccepted(project: string, rules: InboundRules): boolean {
  if (rules.project.includes("*") || rules.project.includes(project)) return true;
  const here = bridges();
  if (here.length > 0) return here.some((bridge) => bridge.projectName === project);
  return project === projectWithoutBridge();
}

function metadataIn(
  ours: ReadonlyMap<string, string>,
  rules: InboundRules,
  refusals: Refusals,
): Readonly<KeyValues> | undefined {
  const raw = ours.get("langsmith-metadata");
  if (raw === undefined || rules.metadata.length === 0) return undefined;
  const said = raw.length <= MAX_METADATA_CHARACTERS ? decodeObject(raw) : undefined;
  if (said === undefined) {
    refusals.count("metadata");
    return undefined;
  }
  const taken: [string, unknown][] = [];
  for (const name of rules.metadata) {
    if (!Object.hasOwn(said, name)) continue;
    const value = Reflect.get(said, name);
    if (isPlain(value)) taken.push([name, value]);
    else refusals.count("metadata");
  }
  return taken.length > 0 ? Object.fromEntries(taken) : undefined;
}

function isPlain(value: unknown): boolean {
  if (typeof value === "string") return value.length <= MAX_VALUE_CHARACTERS;
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

function tagsIn(
  ours: ReadonlyMap<string, string>,
  { tags: rule }: InboundRules,
  refusals: Refusals,
): readonly string[] | undefined {
  const raw = ours.get("langsmith-tags");
  if (raw === undefined || rule === false) return undefined;
  const said = raw.length <= MAX_METADATA_CHARACTERS ? decodeEntry(raw) : undefined;
  if (said === undefined) {
    refusals.count("tags");
    return undefined;
  }
  const tags = new Set<string>();
  for (const tag of said.split(",")) {
    if (tag === "" || (rule !== true && !rule.includes(tag))) continue;
    if (tag.length > MAX_TAG_CHARACTERS || hasControl(tag) || tags.size >= MAX_TAGS) refusals.count("tags");
    else tags.add(tag);
  }
  return tags.size > 0 ? [...tags] : undefined;
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 32 || code === 127) return true;
  }
  return false;
}
