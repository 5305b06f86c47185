// What can go wrong and how it is answered: one error for requests, one for what a user meets at the start.

/** A request that is refused: thrown anywhere under a route, turned into an answer in one place. */
export class Refusal extends Error {
  constructor(
    readonly status: 400 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 500 | 501,
    message: string,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

/** Codes of {@link LocalServerError}. */
export type LocalServerErrorCode =
  | "LSB_ERR_LOCAL_DATA_FOREIGN"
  | "LSB_ERR_LOCAL_DATA_DAMAGED"
  | "LSB_ERR_LOCAL_DATA_NEWER"
  | "LSB_ERR_LOCAL_DATA_IN_USE"
  | "LSB_ERR_LOCAL_DATA_UNUSABLE"
  | "LSB_ERR_LOCAL_OPTION"
  | "LSB_ERR_LOCAL_LISTEN";

/** The local server could not start, or its data cannot be used. The message says what, to which file, and what to do. */
export class LocalServerError extends Error {
  constructor(
    readonly code: LocalServerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "LocalServerError";
  }
}
