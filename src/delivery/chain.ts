// The chain of senders, put together: what one link hands on, the next one sends.
import { createBreaker } from "./breaker.js";
import { createCompress } from "./compress.js";
import type { Chain } from "./dispatcher.js";
import { createEncode } from "./encode.js";
import { Evidence } from "./evidence.js";
import { createHttp, type HttpOptions } from "./http.js";
import type { Notices } from "./notices.js";
import type { Settings } from "./options.js";
import type { Outbox } from "./outbox.js";
import type { Reporter } from "./reporter.js";
import { createRetry } from "./retry.js";
import { chooseEncoding, createServerInfo } from "./server-info.js";
import { createSplit } from "./split.js";
import { Suspects } from "./suspects.js";
import { Turns } from "./turns.js";

export interface ChainOptions {
  settings: Settings;
  http: HttpOptions;
  outbox: Outbox;
  notices: Notices;
  reporter: Reporter;
}

export function createChain({ settings, http, outbox, notices, reporter }: ChainOptions): Chain {
  const { timers, now } = http;
  const warn = (code: string, message: string) => reporter.say("warn", code, message);
  const evidence = new Evidence();
  const info = createServerInfo(http);
  const turns = new Turns(createHttp(http), { most: settings.maxConcurrentRequests, evidence, now });
  const breaker = createBreaker(turns, { timers, now });
  const retry = createRetry(breaker, {
    ...settings.retry,
    timers,
    now,
    evidence,
    isNothingElse: outbox.isEmpty,
    onRetry: (error, delayMillis) => notices.failed(error, delayMillis),
  });
  const compress = createCompress(retry, { encoding: () => chooseEncoding(settings.compression, info.limits), warn });
  const encode = createEncode(compress, {
    isMultipartOff: () => info.limits.isMultipartOff,
    onFilesLost(items) {
      for (const { runId, parts } of items) {
        reporter.loseAttachments(parts.attachments.length, "the server has no /runs/multipart", runId);
      }
    },
  });
  const split = createSplit(encode, {
    timers,
    evidence,
    settle: outbox.settle,
    requeue: outbox.requeue,
    takeAny: outbox.takeAny,
    cut: outbox.cut,
    suspect: (item, error) => suspects.hold(item, error),
    onKeyRefused: (error) => notices.forbidden(error),
    warn: (code, message) => reporter.warnOnce(code, message),
  });
  const suspects = new Suspects({
    evidence,
    timers,
    now,
    attempt: (item) => split.attempt(item, outbox.stopSignal),
    settle: outbox.settle,
    keep: outbox.keep,
    setAside: outbox.setAside,
    onKeyDoubted: split.doubtKey,
    maxAgeMillis: settings.retry.maxAgeMillis,
  });
  outbox.stopSignal.addEventListener("abort", () => suspects.stop());
  return {
    send: split.send,
    conclude: split.conclude,
    hurry: () => {
      split.hurry?.();
      breaker.hurry?.();
    },
    isOutOfReach: (millis) => breaker.isOpenFor(millis),
    tryAside: () => suspects.hurry(),
    ready: info.ready,
    limits: () => info.limits,
  };
}
