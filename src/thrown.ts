// What a thrown value is. For a log line never its message: that may quote a key, a payload, or what was to be hidden.

/** The name of a thrown value's kind: `TypeError`, `string`. */
export function kindOfThrown(thrown: unknown): string {
  try {
    const name = thrown instanceof Error ? thrown.name : typeof thrown;
    return /^[\w$.-]{1,60}$/.test(name) ? name : "Error";
  } catch {
    return "Error";
  }
}

/** Lines of a stack that are shown: enough to find a fault of our own. */
const FRAMES = 3;

/** As `kindOfThrown`, and where it was thrown. */
export function placeOfThrown(thrown: unknown): string {
  const kind = kindOfThrown(thrown);
  try {
    if (!(thrown instanceof Error) || !thrown.stack) return kind;
    // The stack begins with the message, of one line or many: what comes after it are places in files.
    const after = thrown.stack.indexOf(thrown.message);
    if (after < 0) return kind;
    const lines = thrown.stack.slice(after + thrown.message.length).split("\n");
    const frames = lines.filter((line) => /^ {4}at \S/.test(line) && line.length < 300).slice(0, FRAMES);
    return [kind, ...frames.map((line) => line.trim())].join(" ");
  } catch {
    return kind;
  }
}

const MAX_ITEMS = 100;
const MAX_DEPTH = 4;

/**
 * A thrown value as text, for its own run: as `String` writes it, but of a long list its beginning, since a list with
 * holes takes minutes. Throws what the value's own `toString` throws.
 */
export function textOfThrown(thrown: unknown, depth = 0): string {
  if (!Array.isArray(thrown)) return depth > 0 && (thrown === null || thrown === undefined) ? "" : String(thrown);
  if (depth >= MAX_DEPTH) return "…";
  const texts = thrown.slice(0, MAX_ITEMS).map((item) => textOfThrown(item, depth + 1));
  const cut = thrown.length > MAX_ITEMS ? `,… [cut: ${thrown.length} items]` : "";
  return `${texts.join(",")}${cut}`;
}
