// Work on spans, later: jobs done in slices of a few milliseconds that yield to the event loop.

export interface Outbox<Job> {
  push(job: Job): void;
  /** Does the job that waits longest, at once; false when there is none. */
  doOne(): boolean;
  /** Does all that is waiting, in slices; resolves when nothing waits. */
  drain(): Promise<void>;
  readonly size: number;
}

/** How long one slice may take before it yields; milliseconds. */
const SLICE_MILLIS = 4;

/**
 * @param work does one job; an exception costs that job alone
 * @param onError told of it
 * @param lateAfterMillis a slice does not yield while its next job has waited for longer; default: it always does
 */
export function createOutbox<Job>(
  work: (job: Job) => void,
  onError: (job: Job, error: unknown) => void,
  lateAfterMillis = Number.POSITIVE_INFINITY,
): Outbox<Job> {
  const isTimed = lateAfterMillis < Number.POSITIVE_INFINITY;
  let jobs: Job[] = [];
  /** When each job came, where that is asked. */
  let cameAt: number[] = [];
  let at = 0;
  let isScheduled = false;
  let idle: (() => void)[] = [];

  function slice(): void {
    isScheduled = false;
    const until = performance.now() + SLICE_MILLIS;
    while (doOne()) {
      // Reading the clock costs as much as a small job.
      if ((at & 7) === 0 && isOver(performance.now(), until)) break;
    }
    if (at < jobs.length) {
      schedule();
      return;
    }
    jobs = [];
    cameAt = [];
    at = 0;
    const waiting = idle;
    idle = [];
    for (const resolve of waiting) resolve();
  }

  function doOne(): boolean {
    const job = jobs[at];
    if (job === undefined) return false;
    at += 1;
    // Whoever pays in the caller's turn may do so for long: what is done is let go of.
    if (at > 4096 && at * 2 > jobs.length) {
      jobs = jobs.slice(at);
      cameAt = cameAt.slice(at);
      at = 0;
    }
    try {
      work(job);
    } catch (error) {
      onError(job, error);
    }
    return true;
  }

  function isOver(now: number, until: number): boolean {
    return now >= until && !(now - (cameAt[at] ?? now) > lateAfterMillis);
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(slice);
  }

  return {
    push(job) {
      jobs.push(job);
      if (isTimed) cameAt.push(performance.now());
      schedule();
    },
    doOne,
    drain() {
      if (at >= jobs.length) return Promise.resolve();
      return new Promise((resolve) => {
        idle.push(resolve);
        schedule();
      });
    },
    get size() {
      return jobs.length - at;
    },
  };
}
