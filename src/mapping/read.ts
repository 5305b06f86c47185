// One pass over a span's attributes: every attribute goes to the fields that a vocabulary's table names, or is left over.
import { segmentsOf, unflatten } from "./flattened.js";
import { Slots } from "./slots.js";
import type { MappableLogRecord, MappableSpan } from "./span.js";
import { sideOfField } from "./unplaced.js";
import type { Rule, Vocabulary } from "./vocabulary.js";

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
  /** Where a key goes, as it was asked for: the same keys come with every span. */
  readonly routes: Map<string, readonly Route[]>;
  /** Vocabularies whose `read` waits for a span event or log record of this name. */
  readonly events: ReadonlyMap<string, readonly Vocabulary[]>;
  readonly ranks: ReadonlyMap<Vocabulary, number>;
}

/** One rule that takes a key; `rest` is what a prefix leaves of it. */
interface Route {
  readonly to: CompiledRule;
  readonly rest?: string;
  /** The segments of `rest`, where the rule puts them together. */
  readonly path?: readonly string[];
}

/** Keys hold data too (indices, user's names); beyond so many they are looked up each time. */
const maxRoutes = 4_096;

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
  const compiled = { vocabularies, exact, prefixes, routes: new Map(), events, ranks };
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

function routesOf(key: string, compiled: Compiled): readonly Route[] {
  const known = compiled.routes.get(key);
  if (known !== undefined) return known;
  const routes: Route[] = (compiled.exact.get(key) ?? []).map((to) => ({ to }));
  for (const to of compiled.prefixes.get(headOf(key)) ?? []) {
    const { prefix = "", suffix } = to.rule;
    if (!key.startsWith(prefix) || key.length === prefix.length) continue;
    if (suffix !== undefined && !key.endsWith(suffix)) continue;
    const rest = key.slice(prefix.length);
    routes.push(to.rule.flattened === true ? { to, rest, path: segmentsOf(rest) } : { to, rest });
  }
  if (compiled.routes.size < maxRoutes) compiled.routes.set(key, routes);
  return routes;
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
  const conditions: Conditions = new Map();
  const flattened = new Map<CompiledRule, [path: readonly string[], value: unknown, key: string][]>();
  for (const key in span.attributes) {
    const value: unknown = span.attributes[key];
    if (value === undefined || value === null) continue;
    let isRead = false;
    for (const { to, rest, path } of routesOf(key, compiled)) {
      // All rules that name the key take it; of those that name its beginning, the first that can.
      if (rest === undefined) {
        if (holds(to.rule, span, conditions))
          isRead = offerByRule(slots, speaking, to, key, value, undefined, span) || isRead;
        continue;
      }
      if (isRead) break;
      if (!holds(to.rule, span, conditions)) continue;
      if (path === undefined) {
        isRead = offerByRule(slots, speaking, to, key, value, rest, span);
        continue;
      }
      const entries = flattened.get(to);
      if (entries !== undefined) entries.push([path, value, key]);
      else {
        flattened.set(to, [[path, value, key]]);
        speaking.add(to.vocabulary);
      }
      isRead = true;
    }
    if (!isRead) slots.unread.push([key, value]);
  }
  for (const [found, entries] of flattened) {
    const { rule, rank, vocabulary } = found;
    const whole = unflatten(entries);
    const value = rule.as === undefined ? whole : readAs(rule.as, whole, span);
    if (value !== undefined && rule.to !== "drop") {
      slots.offer(rule.to, { value, rank, vocabulary, entries: entries.map(([, raw, key]) => [key, raw] as const) });
    } else if (value !== undefined) continue;
    else for (const [, raw, key] of entries) slots.unread.push([key, raw]);
  }
  readByCode(slots, speaking, span, logs, compiled);
  if (speaking.size > 0) {
    for (const vocabulary of vocabularies) if (speaking.has(vocabulary)) slots.speaking.push(vocabulary);
  }
  return slots;
}

/** What was asked of a span already: a rule's condition is asked for each of its keys, and many rules share one. */
type Conditions = Map<NonNullable<Rule["when"]>, boolean>;

function holds({ when }: Rule, span: MappableSpan, conditions: Conditions): boolean {
  if (when === undefined) return true;
  let answer = conditions.get(when);
  if (answer === undefined) {
    answer = when(span);
    conditions.set(when, answer);
  }
  return answer;
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
  const value = rule.as === undefined ? raw : readAs(rule.as, raw, span);
  if (value === undefined) return false;
  speaking.add(vocabulary);
  if (rule.to === "drop") return true;
  const name = rule.name ?? (rule.ownKey === true ? key : rest);
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
          if (value !== undefined) slots.offer(field, { value, rank, vocabulary, isByCode: true, ...options });
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
export function contentEvents(slots: Slots, homeless: ReadonlySet<Vocabulary>): ReadonlySet<string> {
  if (slots.speaking.every((vocabulary) => vocabulary.events === undefined)) return noEvents;
  // What found no place in the run stays what it was.
  const placed = slots.speaking.filter((vocabulary) => !homeless.has(vocabulary));
  return new Set(placed.flatMap((vocabulary) => vocabulary.events ?? []));
}

/** Whether an attribute's content is a run's input or its output, wherever it came to stand. */
export function sideOf(key: string, vocabularies: readonly Vocabulary[]): "inputs" | "outputs" | undefined {
  for (const { leaves } of vocabularies) {
    if (leaves?.inputs.includes(key)) return "inputs";
    if (leaves?.outputs.includes(key)) return "outputs";
  }
  for (const { to } of routesOf(key, compile(vocabularies))) {
    const side = sideOfField(to.rule.to);
    if (side !== undefined) return side;
  }
  return undefined;
}

/** No names of events. */
export const noEvents: ReadonlySet<string> = new Set();
