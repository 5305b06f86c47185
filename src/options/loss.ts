// What the option `onError` is told of: a loss, and why.

/** Why runs were lost, a closed list: the names under which they are counted. */
export type LossCause =
  | "queue_full"
  | "refused"
  | "invalid"
  | "too_large"
  | "unserializable"
  | "unauthorized"
  | "shutdown"
  | "spool_full"
  | "unreadable"
  | "expired"
  | "already_received"
  | "no_multipart";

/** What was lost, said to `onError` and counted. */
export interface Loss {
  readonly cause: LossCause;
  /** 0 where files of a run were lost, and the run was not. */
  readonly runs: number;
  /** Files that a run arrived without. */
  readonly attachments?: number;
  readonly runId?: string;
  /** Why, in the bridge's own words: no key and no payload is in it, so that it may be logged. */
  readonly message: string;
  /**
   * What the service answered, where the loss is due to an answer: at most 2,000 characters, with the key and the values
   * of the request's headers cut out. It may quote what the run holds, so it stands in no log line of the bridge's.
   */
  readonly answer?: string;
}
