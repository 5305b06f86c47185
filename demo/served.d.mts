// The types of served.mjs, for the browser test.
export declare function serveDemo(): Promise<{ url: string; stop(): Promise<void> }>;
