// Bounded memories: a Map or a Set keeps the order of insertion, so its first entry is the oldest.

/** Removes the oldest entries until one more fits into `max`. */
export function makeRoom(entries: Map<unknown, unknown> | Set<unknown>, max: number): void {
  for (const oldest of entries.keys()) {
    if (entries.size < max) return;
    entries.delete(oldest);
  }
}
