// The `baggage` header: LangSmith's entries written beside everybody else's, inside the W3C limits.
import type { Baggage, BaggageEntry } from "@opentelemetry/api";
import { encodeEntry, isLangSmithEntry, MAX_BAGGAGE_ENTRIES } from "../wire/baggage.js";

const MAX_ENTRY_BYTES = 4096;
const MAX_BYTES = 8192;

/** The baggage without our entries; the same object where it has none. */
export function withoutOurs(baggage: Baggage): Baggage {
  const ours = baggage.getAllEntries().filter(([name]) => isLangSmithEntry(name));
  return ours.length === 0 ? baggage : baggage.removeEntries(...ours.map(([name]) => name));
}

export interface Written {
  readonly header: string;
  /** Our entries that found no room. */
  readonly left: readonly string[];
}

/**
 * Writes the context's whole baggage and our entries behind it. The application's entries come first: ours must not
 * push one of them out.
 */
export function writeBaggage(baggage: Baggage | undefined, ours: readonly (readonly [string, string])[]): Written {
  const members: string[] = [];
  const left: string[] = [];
  let bytes = 0;

  function add(member: string): boolean {
    const size = Buffer.byteLength(member);
    const after = bytes + size + (members.length > 0 ? 1 : 0);
    if (size > MAX_ENTRY_BYTES || after > MAX_BYTES || members.length >= MAX_BAGGAGE_ENTRIES) return false;
    members.push(member);
    bytes = after;
    return true;
  }

  for (const [name, entry] of baggage?.getAllEntries() ?? []) {
    if (isLangSmithEntry(name)) continue;
    const member = memberOf(name, entry);
    if (member !== undefined) add(member);
  }
  for (const [name, value] of ours) if (!add(`${name}=${encodeEntry(value)}`)) left.push(name);
  return { header: members.join(","), left };
}

function memberOf(name: string, { value, metadata }: BaggageEntry): string | undefined {
  const member = `${encodeEntry(name)}=${encodeEntry(value)}`;
  if (metadata === undefined) return member;
  const properties = metadata.toString();
  // OpenTelemetry hands properties through unchecked; what no header can hold would cost the whole request.
  return /^[\x20-\x7e]*$/.test(properties) && !properties.includes(",") ? `${member};${properties}` : member;
}
