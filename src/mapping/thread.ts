// The thread a span belongs to, read alone: at a span's start nothing else of it is mapped yet.
import type { Attributes } from "@opentelemetry/api";
import { THREAD_KEYS, threadOf } from "../wire/thread.js";
import { isObject, toText } from "./json.js";
import { readSlots } from "./read.js";
import type { Slots } from "./slots.js";
import type { MappableSpan } from "./span.js";
import { toId } from "./there.js";
import { defaultVocabularies } from "./vocabularies/index.js";
import type { Rule, Vocabulary } from "./vocabulary.js";

/** The service's names as libraries in JavaScript spell them, in the service's order. */
const camelKeys = ["sessionId", "conversationId", "threadId"] as const;

const inMetadata: ReadonlySet<string> = new Set<string>([...THREAD_KEYS, ...camelKeys]);

/** A thread in anybody's metadata under a name that the service does not read. */
export function threadOfNames(metadata: Readonly<Record<string, unknown>>): string | undefined {
  for (const key of camelKeys) {
    const thread = toId(metadata[key]);
    if (thread !== undefined) return thread;
  }
  return undefined;
}

interface Places {
  /** The rules for a thread, by their keys. */
  readonly rules: ReadonlyMap<string, { readonly rule: Rule; readonly rank: number }>;
  readonly prefixes: readonly string[];
  /** The rules for whole objects of metadata, by their keys. */
  readonly objects: ReadonlyMap<string, Rule>;
  /** Vocabularies of the user's own: whatever their rules and code can do counts. */
  readonly own: readonly Vocabulary[];
}

const placesBefore = new WeakMap<readonly Vocabulary[], Places>();

function placesOf(vocabularies: readonly Vocabulary[]): Places {
  const before = placesBefore.get(vocabularies);
  if (before !== undefined) return before;
  const known = new Set(defaultVocabularies);
  const rules = vocabularies.filter((vocabulary) => known.has(vocabulary)).flatMap((vocabulary) => vocabulary.rules);
  const byKey = new Map<string, { rule: Rule; rank: number }>();
  for (const [rank, rule] of rules.entries()) {
    if (rule.to !== "thread_id") continue;
    for (const key of rule.keys ?? []) if (!byKey.has(key)) byKey.set(key, { rule, rank });
  }
  const ofObjects = rules.filter(({ to, keys, name }) => to === "metadata" && keys !== undefined && name === undefined);
  const places: Places = {
    rules: byKey,
    objects: new Map(ofObjects.flatMap((rule) => (rule.keys ?? []).map((key) => [key, rule] as const))),
    prefixes: rules.flatMap(({ to, prefix, ownKey }) =>
      to === "metadata" && prefix !== undefined && ownKey !== true ? [prefix] : [],
    ),
    own: vocabularies.filter((vocabulary) => !known.has(vocabulary)),
  };
  placesBefore.set(vocabularies, places);
  return places;
}

/**
 * The thread id that these attributes state; undefined where they state none. Cheap: meant for every span.
 *
 * @param view the span itself, for rules that look at more of it than one attribute
 */
export function threadIdOf(
  attributes: Attributes,
  vocabularies: readonly Vocabulary[] = defaultVocabularies,
  view: () => MappableSpan = () => bareSpan(attributes),
): string | undefined {
  const { rules, prefixes, objects, own } = placesOf(vocabularies);
  const metadata: Record<string, unknown> = {};
  let stated: string | undefined;
  let statedRank = Number.POSITIVE_INFINITY;
  for (const key in attributes) {
    const found = rules.get(key);
    if (found !== undefined && found.rank < statedRank) {
      const thread = readBy(found.rule, attributes[key], view);
      if (thread !== undefined) {
        stated = thread;
        statedRank = found.rank;
      }
    }
    const object = objects.get(key);
    if (object !== undefined && mayNameThread(attributes[key])) {
      const whole = readAs(object, attributes[key], view);
      if (isObject(whole)) for (const name of inMetadata) metadata[name] ??= whole[name];
      continue;
    }
    const last = key.slice(key.lastIndexOf(".") + 1);
    if (inMetadata.has(last) && prefixes.includes(key.slice(0, key.length - last.length))) {
      metadata[last] ??= attributes[key];
    }
  }
  const ofUser = own.length === 0 ? undefined : statedBy(readSlots(view(), [], own));
  return threadOf(metadata) ?? ofUser ?? stated ?? threadOfNames(metadata);
}

function readBy(rule: Rule, value: unknown, view: () => MappableSpan): string | undefined {
  return toText(readAs(rule, value, view));
}

function readAs({ as, when }: Rule, value: unknown, view: () => MappableSpan): unknown {
  try {
    if (when !== undefined && !when(view())) return undefined;
    return as === undefined ? value : as(value, view());
  } catch {
    return undefined;
  }
}

/** JSON is read at a span's start only where one of the names stands in it. */
function mayNameThread(value: unknown): boolean {
  return typeof value === "string" && /"(?:session|conversation|thread)_?[Ii]d"/.test(value);
}

function statedBy(slots: Slots): string | undefined {
  for (const { value } of slots.all("thread_id")) {
    const thread = toText(value);
    if (thread !== undefined) return thread;
  }
  const metadata: Record<string, unknown> = {};
  for (const { name, value } of slots.all("metadata")) if (name !== undefined) metadata[name] ??= value;
  return threadOf(metadata) ?? threadOfNames(metadata);
}

function bareSpan(attributes: Attributes): MappableSpan {
  return {
    name: "",
    kind: 0,
    startTime: [0, 0],
    endTime: [0, 0],
    ended: false,
    status: { code: 0 },
    attributes,
    links: [],
    events: [],
    resource: { attributes: {} },
    scope: { name: "" },
    otelTraceId: "",
    otelSpanId: "",
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
