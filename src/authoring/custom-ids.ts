// Run ids that users choose: checked, LangSmith's own warning where they are no UUID v7, a duplicate said so.
import { RunIdError } from "../errors.js";
import { warnOnce } from "../warnings.js";
import { isUuid, uuidVersion } from "../wire/ids.js";

/**
 * A custom id as it will be sent, or undefined where none is given.
 *
 * @throws RunIdError for an id that is no UUID
 */
export function checkRunId(id: unknown, what?: string): string | undefined {
  if (id === undefined || id === null) return undefined;
  if (!isUuid(id)) throw new RunIdError(id, what);
  if (uuidVersion(id) !== 7) {
    warnOnce(
      "LSB_WARN_ID_NOT_V7",
      "LangSmith now uses UUID v7 for run and trace identifiers. This warning appears when passing custom IDs. Please use: import { uuid7 } from 'otel-langsmith'; const id = uuid7(); Future versions will require UUID v7.",
    );
  }
  return id.toLowerCase();
}

/** Said once for each id: the service takes a run once, so a second one under the same id is not stored. */
export function sayDuplicate(id: string, name: string): void {
  warnOnce(
    "LSB_WARN_DUPLICATE_ID",
    `${JSON.stringify(name)} was called again with the id of its config, ${id}: LangSmith stores a run once, so the second one is a duplicate. Give each call an id of its own: fn.withConfig({ id: uuid7() })(…).`,
    id,
  );
}
