// LangSmith's entries in a `baggage` header: read out of it, and their values written and read.

/** Source: W3C Baggage, and what OpenTelemetry's own propagator holds itself to. */
export const MAX_BAGGAGE_ENTRIES = 180;
/** Headers longer than this are not looked into; Node itself takes 16 KiB for all headers. */
const MAX_READ = 65_536;

/** Every name that the `langsmith` package has ever put into baggage begins so. */
const PREFIX = "langsmith-";

export function isLangSmithEntry(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** The raw (still encoded) values of LangSmith's entries in a header. Of two with one name the first counts. */
export function readLangSmithEntries(header: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (header.length > MAX_READ || !header.includes(PREFIX)) return found;
  let count = 0;
  for (const member of header.split(",")) {
    count += 1;
    if (count > MAX_BAGGAGE_ENTRIES) break;
    const pair = member.split(";", 1)[0] ?? "";
    const at = pair.indexOf("=");
    if (at <= 0) continue;
    const name = pair.slice(0, at).trim();
    if (isLangSmithEntry(name) && !found.has(name)) found.set(name, pair.slice(at + 1).trim());
  }
  return found;
}

/** A value, or a name, as a header takes it. */
export function encodeEntry(text: string): string {
  // A lone surrogate makes encodeURIComponent throw.
  return encodeURIComponent(text.toWellFormed());
}

/** The text of an encoded value; undefined where it cannot be decoded. */
export function decodeEntry(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** The object that an encoded value holds as JSON; undefined where it holds none. */
export function decodeObject(encoded: string): object | undefined {
  const text = decodeEntry(encoded);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
