// One pass over a span's attributes: every attribute goes to the fields that a vocabulary's table names, or is left over.

import { unflatten } from "./flattened.js";
import { isObject, put } from "./json.js";
import type { MappableLogRecord, MappableSpan } from "./span.js";
import type { Field, Rule, Vocabulary } from "./vocabulary.js";

/** A value that was offered for a field. The lower the rank, the more specific its source. */
export interface Candidate {
  readonly value: unknown;
  /** The attribute's own value, where the vocabulary reads another out of it. */
  readonly raw?: unknown;
  readonly rank: number;
  readonly vocabulary: Vocabulary;
  /** The attribute it came from; none where code supplied it. */
  readonly key?: string;
  /** For `param` and `metadata`. */
  readonly name?: string;
}

/** All that a span offers, by field, and the attributes that nobody read. */
export class Slots {
  readonly #byField = new Map<Field, Candidate[]>();
  readonly unread: [key: string, value: unknown][] = [];
  /** Vocabularies that found something of theirs, most specific first. */
  readonly speaking: Vocabulary[] = [];

  offer(field: Field, candidate: Candidate): void {
    const list = this.#byField.get(field);
    if (list === undefined) {
      this.#byField.set(field, [candidate]);
      return;
    }
    // Attributes come in any order; ranks are few, so insertion from the end is cheap.
    let at = list.length;
    while (at > 0 && (list[at - 1]?.rank ?? 0) > candidate.rank) at -= 1;
    list.splice(at, 0, candidate);
  }

  has(field: Field): boolean {
    return this.#byField.has(field);
  }

  /** Everything offered for a field, the most specific first. */
  all(field: Field): readonly Candidate[] {
    return this.#byField.get(field) ?? none;
  }

  /**
   * The first offer that `read` can use. Others from attributes that say something else are left over, so that nothing
   * is lost; `keepLosers: false` drops them (content, which must not slip into the metadata).
   */
  take<T>(field: Field, read: (value: unknown) => T | undefined, keepLosers = true): Taken<T> | undefined {
    let taken: Taken<T> | undefined;
    for (const candidate of this.all(field)) {
      const value = read(candidate.value);
      if (taken === undefined && value !== undefined) taken = { value, candidate };
      else if (keepLosers && candidate.value !== "" && (value === undefined || !isSame(value, taken?.value))) {
        this.leave(candidate);
      }
    }
    return taken;
  }

  /** Gives an offer's attribute back: it goes to the metadata. */
  leave({ key, raw, value }: Candidate): void {
    if (key !== undefined) this.unread.push([key, raw ?? value]);
  }

  /** As `take`, the value alone. */
  first<T>(field: Field, read: (value: unknown) => T | undefined, keepLosers = true): T | undefined {
    return this.take(field, read, keepLosers)?.value;
  }
}

export interface Taken<T> {
  readonly value: T;
  readonly candidate: Candidate;
}

const none: readonly Candidate[] = [];

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  return typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b);
}

interface CompiledRule {
  readonly rule: Rule;
  readonly rank: number;
  readonly vocabulary: Vocabulary;
}

interface Compiled {
  readonly vocabularies: readonly Vocabulary[];
  readonly exact: ReadonlyMap<string, readonly CompiledRule[]>;
  /** By the part before the first dot. */
  readonly prefixes: ReadonlyMap<string, readonly CompiledRule[]>;
  /** Vocabularies whose `read` waits for a span event or log record of this name. */
  readonly events: ReadonlyMap<string, readonly Vocabulary[]>;
  readonly ranks: ReadonlyMap<Vocabulary, number>;
}

const compiledBefore = new WeakMap<readonly Vocabulary[], Compiled>();

function compile(vocabularies: readonly Vocabulary[]): Compiled {
  const before = compiledBefore.get(vocabularies);
  if (before !== undefined) return before;
  const exact = new Map<string, CompiledRule[]>();
  const prefixes = new Map<string, CompiledRule[]>();
  const events = new Map<string, Vocabulary[]>();
  const ranks = new Map<Vocabulary, number>();
  let rank = 0;
  for (const vocabulary of vocabularies) {
    ranks.set(vocabulary, rank);
    for (const rule of vocabulary.rules) {
      rank += 1;
      const places = [...(rule.keys ?? []).map((key) => [exact, key] as const)];
      for (const [map, key] of places) {
        rank += 1;
        append(map, key, { rule, rank, vocabulary });
      }
      if (rule.prefix !== undefined) append(prefixes, headOf(rule.prefix), { rule, rank, vocabulary });
    }
    for (const name of vocabulary.events ?? []) append(events, name, vocabulary);
    rank += 1;
  }
  const compiled = { vocabularies, exact, prefixes, events, ranks };
  compiledBefore.set(vocabularies, compiled);
  return compiled;
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function headOf(key: string): string {
  const dot = key.indexOf(".");
  return dot === -1 ? key : key.slice(0, dot);
}

/** Reads a span, its events and its log records by these vocabularies. */
export function readSlots(
  span: MappableSpan,
  logs: readonly MappableLogRecord[],
  vocabularies: readonly Vocabulary[],
): Slots {
  const compiled = compile(vocabularies);
  const slots = new Slots();
  const speaking = new Set<Vocabulary>();
  const flattened = new Map<CompiledRule, [string, unknown][]>();
  for (const key in span.attributes) {
    const value: unknown = span.attributes[key];
    if (value === undefined || value === null) continue;
    let isRead = false;
    const exact = compiled.exact.get(key);
    if (exact !== undefined) {
      for (const found of exact) isRead = offerByRule(slots, speaking, found, key, value, undefined, span) || isRead;
    }
    if (!isRead) {
      const candidates = compiled.prefixes.get(headOf(key));
      if (candidates !== undefined) {
        for (const found of candidates) {
          const { prefix, suffix, flattened: isFlattened, when } = found.rule;
          if (prefix === undefined || !key.startsWith(prefix) || key.length === prefix.length) continue;
          if (suffix !== undefined && !key.endsWith(suffix)) continue;
          if (isFlattened === true) {
            if (when !== undefined && !when(span)) continue;
            const entries = flattened.get(found);
            if (entries === undefined) flattened.set(found, [[key.slice(prefix.length), value]]);
            else entries.push([key.slice(prefix.length), value]);
            speaking.add(found.vocabulary);
            isRead = true;
          } else {
            isRead = offerByRule(slots, speaking, found, key, value, key.slice(prefix.length), span);
          }
          if (isRead) break;
        }
      }
    }
    if (!isRead) slots.unread.push([key, value]);
  }
  for (const [found, entries] of flattened) {
    const { rule, rank, vocabulary } = found;
    const whole = unflatten(entries);
    const value = rule.as === undefined ? whole : readAs(rule.as, whole, span);
    if (value !== undefined) slots.offer(rule.to, { value, rank, vocabulary });
    else for (const [rest, raw] of entries) slots.unread.push([`${rule.prefix}${rest}`, raw]);
  }
  readByCode(slots, speaking, span, logs, compiled);
  if (speaking.size > 0) {
    for (const vocabulary of vocabularies) if (speaking.has(vocabulary)) slots.speaking.push(vocabulary);
  }
  return slots;
}

function offerByRule(
  slots: Slots,
  speaking: Set<Vocabulary>,
  found: CompiledRule,
  key: string,
  raw: unknown,
  rest: string | undefined,
  span: MappableSpan,
): boolean {
  const { rule, rank, vocabulary } = found;
  if (rule.when !== undefined && !rule.when(span)) return false;
  const value = rule.as === undefined ? raw : readAs(rule.as, raw, span);
  if (value === undefined) return false;
  speaking.add(vocabulary);
  if (rule.to === "drop") return true;
  const name = rule.name ?? rest;
  slots.offer(
    rule.to,
    name === undefined ? { value, raw, rank, vocabulary, key } : { value, raw, rank, vocabulary, key, name },
  );
  // What kind of span it is says more than the seven run types can hold, so the attribute itself is kept too.
  return rule.to !== "run_type" && rule.to !== "agent";
}

function readByCode(
  slots: Slots,
  speaking: Set<Vocabulary>,
  span: MappableSpan,
  logs: readonly MappableLogRecord[],
  compiled: Compiled,
): void {
  if (compiled.events.size > 0) {
    for (const event of span.events) for (const found of compiled.events.get(event.name) ?? []) speaking.add(found);
    for (const log of logs) for (const found of compiled.events.get(log.eventName ?? "") ?? []) speaking.add(found);
  }
  for (const vocabulary of speaking) {
    const { read } = vocabulary;
    if (read === undefined) continue;
    const rank = compiled.ranks.get(vocabulary) ?? 0;
    attempt(() =>
      read(
        span,
        (field, value, options) => {
          if (value !== undefined) slots.offer(field, { value, rank, vocabulary, ...options });
        },
        logs,
      ),
    );
  }
}

/** What a rule's decoder reads; undefined where it throws. */
function readAs(as: NonNullable<Rule["as"]>, value: unknown, span: MappableSpan): unknown {
  try {
    return as(value, span);
  } catch {
    return undefined;
  }
}

/** What a vocabulary's code gives, or undefined where it throws: it may be a user's. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** Names of span events that a speaking vocabulary takes as content. */
export function contentEvents(slots: Slots): ReadonlySet<string> {
  if (slots.speaking.every((vocabulary) => vocabulary.events === undefined)) return noEvents;
  return new Set(slots.speaking.flatMap((vocabulary) => vocabulary.events ?? []));
}

/** Copies an attribute's value, so that what is sent does not change with the span. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...value];
  if (!isObject(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) put(copy, key, value[key]);
  return copy;
}

const noEvents: ReadonlySet<string> = new Set();
