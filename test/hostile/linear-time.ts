// Compares the time that one text and a text eight times as long take: eight times where the work is linear, sixty-four
// times where it is quadratic. A ratio of two measurements of one process says the same on any machine.

/** Texts that send naive patterns and parsers back and forth, by what they repeat. */
export const repeated: readonly (readonly [what: string, unit: string, end: string])[] = [
  ["line breaks", "\n", "x"],
  ["spaces", " ", "x"],
  ["tabs and breaks", "\n\t", "x"],
  ["opening brackets", "[", ""],
  ["opening objects", '{"a":', ""],
  ["quotes", '"', "x"],
  ["backslashes", "\\", "x"],
  ["escapes of half characters", "\\ud800", '"'],
  ["half characters", "\ud800", ""],
  ["base64", "A", "!"],
  ["digits", "1", "x"],
  ["slashes", "/", "x"],
  ["commas", ",", "x"],
  ["equals signs", "=", ";"],
  ["percent signs", "%", "2"],
  ["dots", ".", "x"],
  ["colons", ": ", ""],
  ["dashes", "-", "x"],
  ["frames", "\n    at f (x.js:1:1)", ""],
  ["words", "Error ", ":"],
  ["braces of templates", "{{", ""],
  ["fences", "```", ""],
  ["tags", "<a ", ""],
];

const SHORT = 4_000;
const FACTOR = 8;
/** Below this many milliseconds the clock and the garbage collector say more than the code. */
const NOISE_MILLIS = 25;
const MOST = FACTOR * 4;

/** Undefined where the work grows with the text, and not faster; else how much faster. */
export function growth(work: (text: string) => unknown, unit: string, end: string): string | undefined {
  const textOf = (length: number) => unit.repeat(Math.ceil(length / unit.length)) + end;
  const [short, long] = [textOf(SHORT), textOf(SHORT * FACTOR)];
  let ratio = 0;
  // What is slow by chance is not slow five times.
  for (let round = 0; round < 5; round += 1) {
    const longMillis = fastest(work, long, 1 + round);
    if (longMillis < NOISE_MILLIS) return undefined;
    ratio = longMillis / Math.max(NOISE_MILLIS / FACTOR, fastest(work, short, 3));
    if (ratio <= MOST) return undefined;
  }
  return `${Math.round(ratio)} times the time for ${FACTOR} times the text`;
}

function fastest(work: (text: string) => unknown, text: string, rounds: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    try {
      work(text);
    } catch {
      // Refusing a text is an answer, too; what counts is how long that takes.
    }
    best = Math.min(best, performance.now() - began);
  }
  return best;
}
