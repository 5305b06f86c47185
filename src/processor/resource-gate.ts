// Runs wait for those attributes of their resource that a detector is still asked for.
import { isAwaited, type SourceSpan } from "./source-span.js";

/** What a container or a cloud has not told of the service by then is not waited for any longer. */
const MAX_WAIT_MILLIS = 2_000;

interface Gate<Job> {
  readonly jobs: Job[];
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** Holds jobs back until their resource is complete, two seconds at most from the first of them; in their order. */
export class ResourceGate<Job> {
  readonly #pass: (job: Job) => void;
  readonly #waitMillis: number;
  readonly #gates = new Map<object, Gate<Job>>();
  /** Waited for once already. */
  readonly #late = new WeakSet<object>();
  #size = 0;

  /** @param shutdownTimeoutMillis half of it at most is spent here, so that a shutdown still sends */
  constructor(pass: (job: Job) => void, shutdownTimeoutMillis: number) {
    this.#pass = pass;
    this.#waitMillis = Math.min(MAX_WAIT_MILLIS, shutdownTimeoutMillis / 2);
  }

  push(job: Job, resource: SourceSpan["resource"] | undefined): void {
    const gate = resource && (this.#gates.get(resource) ?? this.#close(resource));
    if (!gate) this.#pass(job);
    else {
      gate.jobs.push(job);
      this.#size += 1;
    }
  }

  /** Resolves when nothing waits here any more. */
  async opened(): Promise<void> {
    await Promise.all([...this.#gates.values()].map((gate) => gate.opened));
  }

  /** Waits no longer: there is too much that would wait. */
  open(): void {
    for (const gate of [...this.#gates.values()]) gate.open();
  }

  get size(): number {
    return this.#size;
  }

  #close(resource: SourceSpan["resource"]): Gate<Job> | undefined {
    if (resource.asyncAttributesPending !== true || this.#late.has(resource) || !isAwaited(resource)) return undefined;
    const settled = resource.waitForAsyncAttributes?.();
    if (!settled) return undefined;
    const jobs: Job[] = [];
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = () => {
        clearTimeout(timer);
        resolve();
        if (!this.#gates.delete(resource)) return;
        this.#late.add(resource);
        this.#size -= jobs.length;
        for (const job of jobs) this.#pass(job);
      };
      const timer = setTimeout(open, this.#waitMillis);
      timer.unref();
      settled.then(open, open);
    });
    const gate = { jobs, opened, open };
    this.#gates.set(resource, gate);
    return gate;
  }
}
