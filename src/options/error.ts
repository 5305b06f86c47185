// The error of an option that is wrong.

/** A bad option: names it, and says what it takes. */
export class LangSmithOptionError extends TypeError {
  readonly code = "LSB_ERR_OPTION";
  constructor(
    readonly option: string,
    takes: string,
    value: unknown,
    message = `LSB_ERR_OPTION: ${option} must be ${takes}, not ${describe(value)}`,
  ) {
    super(message);
    this.name = "LangSmithOptionError";
  }

  /** The error of an option whose name nobody knows. */
  static unknown(option: string, hint: string): LangSmithOptionError {
    return new LangSmithOptionError(option, "", undefined, `LSB_ERR_OPTION: there is no option ${option}; ${hint}`);
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return typeof value === "object" && value !== null ? (Array.isArray(value) ? "a list" : "an object") : String(value);
}
