// Streams that tell of their failure in a chunk and end as if all were well: what the providers' and the AI SDK's say.
import type { KeyValues } from "../wire/run.js";
import { isKeyValues, textOfError } from "./values.js";

/**
 * What a chunk says of its stream: the error's text; `null` where it says that the answer is whole after all (another
 * attempt); undefined where it says neither.
 */
export function failureInChunk(chunk: unknown): string | null | undefined {
  if (!isKeyValues(chunk)) return undefined;
  const { type, response } = chunk;
  if (type === "error") return failureOfPart(chunk);
  if (type === "response.failed") {
    return errorTold(isKeyValues(response) ? response["error"] : undefined) ?? "Error: the response failed";
  }
  if (type === "response.completed" || type === "message_stop") return null;
  if ("error" in chunk && Object.keys(chunk).length === 1) return errorTold(chunk["error"]);
  const finish = finishIn(chunk);
  if (finish === undefined) return undefined;
  return finish === "error" ? 'Error: the stream ended with finish reason "error"' : null;
}

/** The AI SDK's parts (`error`, in a UI's stream `errorText`), Anthropic's events (`error`), OpenAI's (`message`). */
function failureOfPart({ type: _, error, errorText, message, code }: KeyValues): string | undefined {
  if (typeof errorText === "string") return errorTold(errorText);
  if (error !== undefined && error !== null) return errorTold(error) ?? "Error: the stream told of an error";
  return typeof message === "string" ? errorTold({ message, code }) : undefined;
}

function finishIn({ type, finishReason, choices }: KeyValues): unknown {
  if (type === "finish") return isKeyValues(finishReason) ? finishReason["unified"] : (finishReason ?? undefined);
  const reasons = Array.isArray(choices) ? choices.map((choice) => isKeyValues(choice) && choice["finish_reason"]) : [];
  const [first] = reasons;
  return first && reasons.every((reason) => reason === first) ? first : undefined;
}

/** `code: message`, as much as there is of it. */
export function errorTold(error: unknown): string | undefined {
  if (typeof error === "string") return error === "" ? undefined : error;
  if (error instanceof Error) return textOfError(error);
  if (!isKeyValues(error)) return undefined;
  const { code, type, message } = error;
  const name = [code, type].find((value) => typeof value === "string" || typeof value === "number");
  if (typeof message !== "string" || message === "") return name === undefined ? undefined : String(name);
  return name === undefined ? `Error: ${message}` : `${name}: ${message}`;
}
