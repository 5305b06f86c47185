// Text as JSON and headers take it. A half of a surrogate pair is an escape that strict parsers refuse.

/** The first `length` UTF-16 units of a text, without half a character at the end. */
export function headOf(text: string, length: number): string {
  const end = Math.min(text.length, Math.max(0, length));
  return text.slice(0, end > 0 && end < text.length && isHigh(text.charCodeAt(end - 1)) ? end - 1 : end);
}

/** The last `length` UTF-16 units of a text, without half a character at the beginning. */
export function tailOf(text: string, length: number): string {
  const start = Math.max(0, text.length - Math.max(0, length));
  return text.slice(start > 0 && isLow(text.charCodeAt(start)) ? start + 1 : start);
}

function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}
