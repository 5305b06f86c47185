// What a thrown value is, for a log line. Never its message: that may quote a key, a payload, or what was to be hidden.

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
