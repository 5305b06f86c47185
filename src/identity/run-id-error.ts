// The error of a run id that is none.

/** A run id that is no UUID. */
export class RunIdError extends TypeError {
  readonly code = "LSB_ERR_RUN_ID";
  constructor(id: unknown, what = "A run id") {
    const said = typeof id === "string" ? JSON.stringify(id.slice(0, 80)) : typeof id;
    super(`LSB_ERR_RUN_ID: ${what} must be a UUID, not ${said}; use uuid7() from otel-langsmith`);
    this.name = "RunIdError";
  }
}
