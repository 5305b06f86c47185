// BullMQ's way of carrying data, with an in-memory stand-in where no Redis is there: jobs are JSON on either.

/** @returns a queue with `process(handler)`, `add(data)` and `close()`, which waits for the jobs */
export async function openQueue(name) {
  return process.env.REDIS_URL ? openBullMq(name, new URL(process.env.REDIS_URL)) : openInMemory();
}

function openInMemory() {
  const waiting = [];
  let handler;
  let last = Promise.resolve();
  const next = () => {
    const job = waiting.shift();
    if (job === undefined || !handler) return;
    // A turn of its own: a job knows nothing of who added it but what its data says.
    last = last.then(() => new Promise((resolve) => setImmediate(resolve))).then(() => handler(JSON.parse(job)));
  };
  return {
    process(fn) {
      handler = fn;
    },
    async add(data) {
      waiting.push(JSON.stringify(data));
      next();
    },
    close: () => last,
  };
}

async function openBullMq(name, { hostname, port }) {
  const { Queue, QueueEvents, Worker } = await import("bullmq");
  const connection = { host: hostname, port: Number(port || 6379), maxRetriesPerRequest: null };
  const queue = new Queue(name, { connection });
  const events = new QueueEvents(name, { connection });
  await events.waitUntilReady();
  const jobs = [];
  let worker;
  return {
    process(handler) {
      worker = new Worker(name, (job) => handler(job.data), { connection });
    },
    async add(data) {
      jobs.push(await queue.add("job", data));
    },
    async close() {
      await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
      for (const each of [worker, events, queue]) await each?.close();
    },
  };
}
