// The `baggage` header: ours read out of it, and written beside everybody else's, inside the W3C limits.
import type { Baggage, BaggageEntry } from "@opentelemetry/api";

/** Source: W3C Baggage, and what OpenTelemetry's own propagator holds itself to. */
const MAX_ENTRIES = 180;
const MAX_ENTRY_BYTES = 4096;
const MAX_BYTES = 8192;
/** Headers longer than this are not looked into; Node itself takes 16 KiB for all headers. */
const MAX_READ = 65_536;

/** Every name that the `langsmith` package has ever put into baggage begins so. */
const OURS = "langsmith-";

export function isOurs(name: string): boolean {
  return name.startsWith(OURS);
}

/** The raw (still encoded) values of our entries in a header; a name that stands there twice counts once, the first. */
export function readOurs(header: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (header.length > MAX_READ || !header.includes(OURS)) return found;
  let count = 0;
  for (const member of header.split(",")) {
    count += 1;
    if (count > MAX_ENTRIES) break;
    const pair = member.split(";", 1)[0] ?? "";
    const at = pair.indexOf("=");
    if (at <= 0) continue;
    const name = pair.slice(0, at).trim();
    if (isOurs(name) && !found.has(name)) found.set(name, pair.slice(at + 1).trim());
  }
  return found;
}

/** The baggage without our entries; the same object where it has none. */
export function withoutOurs(baggage: Baggage): Baggage {
  const ours = baggage.getAllEntries().filter(([name]) => isOurs(name));
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
    if (size > MAX_ENTRY_BYTES || after > MAX_BYTES || members.length >= MAX_ENTRIES) return false;
    members.push(member);
    bytes = after;
    return true;
  }

  for (const [name, entry] of baggage?.getAllEntries() ?? []) {
    if (isOurs(name)) continue;
    const member = memberOf(name, entry);
    if (member !== undefined) add(member);
  }
  for (const [name, value] of ours) if (!add(`${name}=${encode(value)}`)) left.push(name);
  return { header: members.join(","), left };
}

function memberOf(name: string, { value, metadata }: BaggageEntry): string | undefined {
  const member = `${encode(name)}=${encode(value)}`;
  if (metadata === undefined) return member;
  const properties = metadata.toString();
  // OpenTelemetry hands properties through unchecked; what no header can hold would cost the whole request.
  return /^[\x20-\x7e]*$/.test(properties) && !properties.includes(",") ? `${member};${properties}` : member;
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function encode(text: string): string {
  // A lone surrogate makes encodeURIComponent throw.
  return encodeURIComponent(text.replace(LONE_SURROGATE, "\ufffd"));
}
