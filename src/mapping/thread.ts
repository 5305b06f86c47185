// The thread a span belongs to, read alone: at a span's start nothing else of it is mapped yet.
import type { Attributes } from "@opentelemetry/api";
import { toText } from "./json.js";
import { defaultVocabularies } from "./vocabularies/index.js";
import type { Vocabulary } from "./vocabulary.js";

/** Keys of a thread inside anybody's metadata. */
export const threadKeys: ReadonlySet<string> = new Set([
  "thread_id",
  "session_id",
  "conversation_id",
  "threadId",
  "sessionId",
  "conversationId",
]);

interface Places {
  readonly keys: ReadonlySet<string>;
  readonly prefixes: readonly string[];
}

const placesBefore = new WeakMap<readonly Vocabulary[], Places>();

function placesOf(vocabularies: readonly Vocabulary[]): Places {
  const before = placesBefore.get(vocabularies);
  if (before !== undefined) return before;
  const rules = vocabularies.flatMap((vocabulary) => vocabulary.rules);
  const places: Places = {
    keys: new Set(rules.flatMap((rule) => (rule.to === "thread_id" ? (rule.keys ?? []) : []))),
    prefixes: rules.flatMap(({ to, prefix, ownKey }) =>
      to === "metadata" && prefix !== undefined && ownKey !== true ? [prefix] : [],
    ),
  };
  placesBefore.set(vocabularies, places);
  return places;
}

/** The thread id that these attributes state; undefined where they state none. Cheap: meant for every span. */
export function threadIdOf(
  attributes: Attributes,
  vocabularies: readonly Vocabulary[] = defaultVocabularies,
): string | undefined {
  const { keys, prefixes } = placesOf(vocabularies);
  let inMetadata: string | undefined;
  for (const key in attributes) {
    if (keys.has(key)) {
      const stated = toText(attributes[key]);
      if (stated !== undefined) return stated;
    }
    const last = key.slice(key.lastIndexOf(".") + 1);
    if (inMetadata === undefined && threadKeys.has(last) && prefixes.includes(key.slice(0, key.length - last.length))) {
      inMetadata = toText(attributes[key]);
    }
  }
  return inMetadata;
}
