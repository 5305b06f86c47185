// The types of build.mjs and children.mjs, for the tests that use them.
export declare function buildIfStale(root: string, signal?: AbortSignal): Promise<boolean>;
