// What is done when the process ends, whatever ends it: one listener for all, and nothing that waits.

/** `make` comes before `write`: what is made then is written with the rest. */
type Phase = "make" | "write";

const works: Record<Phase, Set<() => void>> = { make: new Set(), write: new Set() };
let isListening = false;

/** Calls back at the process's `exit` (a worker thread has its own), until the returned function is called. */
export function atExit(phase: Phase, work: () => void): () => void {
  works[phase].add(work);
  if (!isListening) {
    isListening = true;
    process.on("exit", run);
  }
  return () => {
    works[phase].delete(work);
    if (works.make.size + works.write.size > 0) return;
    isListening = false;
    process.off("exit", run);
  };
}

function run(): void {
  for (const phase of [works.make, works.write]) {
    for (const work of phase) {
      try {
        work();
      } catch {
        // The next one's runs are not lost with these.
      }
    }
  }
}
