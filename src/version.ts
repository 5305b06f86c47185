// Which package made a run.

/** This package's version. A test holds it against package.json. */
export const VERSION = "0.1.0";

/** `extra.runtime` of every run. */
export const RUNTIME: Readonly<Record<string, string>> = {
  sdk: "otel-langsmith",
  sdk_version: VERSION,
  library: "otel-langsmith",
  platform: process.platform,
  runtime: "node",
  runtime_version: process.version,
};
