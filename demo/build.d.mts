// The types of build.mjs, for the tests that use it.
export declare function buildIfStale(
  root: string,
  options?: { signal?: AbortSignal; withTypes?: boolean },
): Promise<boolean>;
