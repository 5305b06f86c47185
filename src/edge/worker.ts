// The names for workers and for the langsmith package at the edge, where there are neither threads nor async hooks.

export function carry<Value>(value: Value): Value {
  return value;
}

export function traced<Func>(fn: Func): Func {
  return fn;
}

export function traceWorker<Worker>(worker: Worker): Worker {
  return worker;
}

export function tracePool<Pool>(pool: Pool): Pool {
  return pool;
}

export function onMessage(): () => void {
  return () => {};
}

export function joinLangSmith(): { leave(): void } {
  return { leave: () => {} };
}
