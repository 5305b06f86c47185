/** The `exports` and `typesVersions` of a list of entries. */
export function manifestOf(entries: Record<string, string>): { exports: object; typesVersions: object };
