// What a span offers for each field of a run, the most specific first, and what nobody has read.
import { isObject, put } from "./json.js";
import type { Field, Vocabulary } from "./vocabulary.js";

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
  /** Whether a vocabulary's code supplied it. */
  readonly isByCode?: boolean;
  /** The attributes that were put together to the value. */
  readonly entries?: readonly (readonly [key: string, value: unknown])[];
}

/** All that a span offers, by field, and the attributes that nobody read. */
export class Slots {
  readonly #byField = new Map<Field, Candidate[]>();
  readonly #used = new Set<Candidate>();
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
    if (at === list.length) list.push(candidate);
    else list.splice(at, 0, candidate);
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
      if (taken === undefined && value !== undefined) {
        taken = { value, candidate };
        this.#used.add(candidate);
      } else if (keepLosers && candidate.value !== "" && (value === undefined || !isSame(value, taken?.value))) {
        this.leave(candidate);
      }
    }
    return taken;
  }

  /** Gives an offer's attribute back: it goes to the metadata. */
  leave({ key, raw, value, entries }: Candidate): void {
    if (key !== undefined) this.unread.push([key, raw ?? value]);
    for (const entry of entries ?? []) this.unread.push([...entry]);
  }

  /** Notes that an offer found its place in the run. */
  use(candidate: Candidate | undefined): void {
    if (candidate !== undefined) this.#used.add(candidate);
  }

  isUsed(candidate: Candidate): boolean {
    return this.#used.has(candidate);
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

/** Copies an attribute's value, so that what is sent does not change with the span. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...value];
  if (!isObject(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) put(copy, key, value[key]);
  return copy;
}
