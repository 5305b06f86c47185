// What an answer of OpenAI's API, or of one that speaks like it, says of its own failure.
import type { KeyValues } from "../../wire/run.js";
import { errorTold } from "../stream-failures.js";
import { isKeyValues } from "../values.js";

/** The error that an answer tells of, whole or put together from a stream; undefined for an answer that is one. */
export function failureIn(answer: unknown): string | undefined {
  if (!isKeyValues(answer)) return undefined;
  const { status, error } = answer;
  if (status === "failed") return errorTold(error) ?? 'Error: the response ended with status "failed"';
  if (status === "cancelled") return "Cancelled";
  const choices: unknown[] = Array.isArray(answer["choices"]) ? answer["choices"] : [];
  const failed = choices.filter((choice): choice is KeyValues => isKeyValues(choice) && hasFailed(choice));
  // Of several choices one that is an answer is an answer.
  if (choices.length > 0 && failed.length === choices.length) {
    return errorTold(failed[0]?.["error"]) ?? errorTold(error) ?? 'Error: the answer ended with finish_reason "error"';
  }
  return errorTold(error);
}

function hasFailed({ finish_reason, error }: KeyValues): boolean {
  return finish_reason === "error" || isKeyValues(error);
}
