// Addresses as users write them.

/** Without the slashes at its end, so that a path can follow. In linear time, unlike a regular expression's search. */
export function withoutSlashesAtEnd(address: string): string {
  let end = address.length;
  while (end > 0 && address.charAt(end - 1) === "/") end -= 1;
  return address.slice(0, end);
}
