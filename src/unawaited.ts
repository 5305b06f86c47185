// What a user's function must not return where its answer is needed at once.

/**
 * Whether a function answered with a promise. Nobody will await it, so its rejection is taken here: else it would end
 * the application's process.
 */
export function isUnawaited(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("then" in value) || typeof value.then !== "function") {
    return false;
  }
  Promise.resolve(value).catch(() => {});
  return true;
}
