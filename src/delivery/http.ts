// Link: one request to the service, and what its answer means.
import { failureOf } from "../service/answers.js";
import { ServiceError } from "../service/errors.js";
import { exchange, type Service } from "../service/exchange.js";
import type { Answer, Batch, Sender } from "./item.js";
import type { Timers } from "./timers.js";

export interface HttpOptions extends Service {
  readonly timers: Timers;
  /** Told of every request when it has ended: how long it took, and as what it failed. */
  readonly observe?: (millis: number, status: number | undefined, failure: string | undefined) => void;
  readonly now: () => number;
}

export function createHttp(options: HttpOptions): Sender {
  return {
    async send(batch: Batch, signal: AbortSignal): Promise<Answer> {
      const body = batch.body;
      if (!body) throw new ServiceError("malformed", "the batch was not encoded", { reach: "never_written" });
      const headers: Record<string, string> = { "content-type": body.contentType };
      if (body.encoding) headers["content-encoding"] = body.encoding;
      const began = options.now();
      let status: number | undefined;
      try {
        const answer = await exchange(options, { method: "POST", path: body.path, headers, body: body.data }, signal);
        status = answer.status;
        const error = failureOf(answer);
        if (error) throw error;
        options.observe?.(options.now() - began, status, undefined);
        return "taken";
      } catch (error) {
        const failure = error instanceof ServiceError ? error.kind : "unavailable";
        options.observe?.(options.now() - began, status, failure);
        throw error;
      }
    },
  };
}
