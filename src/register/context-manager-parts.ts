// The context manager that a registered provider gets. A file of its own: bundlers get a copy that is an ES module.
export { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
