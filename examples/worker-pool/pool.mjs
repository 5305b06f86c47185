// A pool as small as one can be, with the interface of the well-known ones: `run(task)`.
import { once } from "node:events";
import { Worker } from "node:worker_threads";

export function openPool(file, size) {
  const workers = Array.from({ length: size }, () => new Worker(file));
  let tasks = 0;
  return {
    async run(task) {
      const id = tasks++;
      const worker = workers[id % size];
      const answer = new Promise((resolve) => {
        worker.on("message", function take(message) {
          if (message.id !== id) return;
          worker.off("message", take);
          resolve(message.result);
        });
      });
      worker.postMessage({ id, task });
      return answer;
    },
    /** Lets every worker send its runs and end. */
    async close() {
      await Promise.all(
        workers.map((worker) => {
          worker.postMessage("close");
          return once(worker, "exit");
        }),
      );
    },
  };
}
