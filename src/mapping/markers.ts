// What shows that a span is GenAI: its scope, known at start, or a key that no other span carries.
import type { Attributes } from "@opentelemetry/api";
import { defaultVocabularies } from "./vocabularies/index.js";
import type { Vocabulary } from "./vocabulary.js";

interface Marks {
  readonly keys: ReadonlySet<string>;
  readonly beginnings: readonly string[];
  readonly scopes: ReadonlySet<string>;
  readonly scopeBeginnings: readonly string[];
  /** By scope name, as they are asked for. */
  readonly scopeSpeakers: Map<string, Vocabulary | undefined>;
  /** Two first letters of every key and beginning: most attributes of most spans end here. */
  readonly heads: ReadonlySet<number>;
}

const marksBefore = new WeakMap<readonly Vocabulary[], Marks>();

function marksOf(vocabularies: readonly Vocabulary[]): Marks {
  const before = marksBefore.get(vocabularies);
  if (before !== undefined) return before;
  const all = vocabularies.flatMap((vocabulary) => vocabulary.markers ?? []);
  const scopes = vocabularies.flatMap((vocabulary) => vocabulary.scopes ?? []);
  const marks: Marks = {
    keys: new Set(all.filter((mark) => !mark.endsWith("."))),
    beginnings: all.filter((mark) => mark.endsWith(".")),
    scopes: new Set(scopes.filter((scope) => !scope.endsWith("*"))),
    scopeBeginnings: scopes.filter((scope) => scope.endsWith("*")).map((scope) => scope.slice(0, -1)),
    scopeSpeakers: new Map(),
    heads: new Set(all.map(headOf)),
  };
  marksBefore.set(vocabularies, marks);
  return marks;
}

function headOf(key: string): number {
  return key.charCodeAt(0) * 65536 + key.charCodeAt(1);
}

/** Whether every span of this instrumentation scope is a GenAI span. Known when a span starts. */
export function isGenAiScope(scopeName: string, vocabularies: readonly Vocabulary[] = defaultVocabularies): boolean {
  const marks = marksOf(vocabularies);
  return marks.scopes.has(scopeName) || marks.scopeBeginnings.some((beginning) => scopeName.startsWith(beginning));
}

/** The vocabulary that an instrumentation scope is known to speak, the most specific first. */
export function scopeVocabulary(scopeName: string, vocabularies: readonly Vocabulary[]): Vocabulary | undefined {
  const { scopeSpeakers } = marksOf(vocabularies);
  const known = scopeSpeakers.get(scopeName);
  if (known !== undefined || scopeSpeakers.has(scopeName)) return known;
  const found = vocabularies.find((vocabulary) => vocabulary.scopes?.some((scope) => isScope(scopeName, scope)));
  // Scopes are few; names made of data must not fill the memory.
  if (scopeSpeakers.size < 256) scopeSpeakers.set(scopeName, found);
  return found;
}

function isScope(name: string, scope: string): boolean {
  return scope.endsWith("*") ? name.startsWith(scope.slice(0, -1)) : name === scope;
}

/**
 * Whether a span carries what only GenAI spans carry: a vocabulary's keys for model, agent, tool, retrieval or
 * embedding, and nothing plainer (a session, a user, a tag). Cheap: meant for every span at its start and its end.
 */
export function hasGenAiMarker(
  attributes: Attributes,
  vocabularies: readonly Vocabulary[] = defaultVocabularies,
): boolean {
  const marks = marksOf(vocabularies);
  for (const key in attributes) {
    if (!marks.heads.has(headOf(key)) || attributes[key] === undefined) continue;
    if (marks.keys.has(key)) {
      // OpenLLMetry puts the agent's name on every span below an agent, a database's too.
      if (key === "gen_ai.agent.name" && attributes["traceloop.workflow.name"] !== undefined) continue;
      return true;
    }
    for (const beginning of marks.beginnings) if (key.startsWith(beginning)) return true;
  }
  return false;
}
