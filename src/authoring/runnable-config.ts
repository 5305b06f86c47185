// The handoff from LangChain: a RunnableConfig whose callbacks hold LangSmith's own tracer, and the run it is in.
import type { KeyValues } from "../wire/run.js";
import type { RunLike } from "./run-tree-origins.js";

/** LangChain's config of one call, as far as it is read here. */
export interface RunnableConfigLike {
  tags?: string[] | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** A callback manager, or a list of handlers. */
  callbacks?: object | undefined;
}

interface Tracer {
  readonly name: "langchain_tracer";
  getRun?(id: string): RunLike | undefined;
  readonly projectName?: string;
}

function isTracer(value: unknown): value is Tracer {
  return typeof value === "object" && value !== null && "name" in value && value.name === "langchain_tracer";
}

function tracerIn(callbacks: unknown): Tracer | undefined {
  if (Array.isArray(callbacks)) return callbacks.find(isTracer);
  if (typeof callbacks !== "object" || callbacks === null || !("handlers" in callbacks)) return undefined;
  return Array.isArray(callbacks.handlers) ? callbacks.handlers.find(isTracer) : undefined;
}

/** Whether a value is a RunnableConfig that traces. */
export function isRunnableConfigLike(value: unknown): value is RunnableConfigLike {
  try {
    return (
      typeof value === "object" && value !== null && "callbacks" in value && tracerIn(value.callbacks) !== undefined
    );
  } catch {
    return false;
  }
}

/** The run that a RunnableConfig is in, with what its children take over. */
export function parentOfRunnableConfig(config: RunnableConfigLike): {
  parent: RunLike | undefined;
  projectName: string | undefined;
  metadata: KeyValues;
} {
  const { callbacks } = config;
  const tracer = tracerIn(callbacks);
  const parentId =
    callbacks && "getParentRunId" in callbacks && typeof callbacks.getParentRunId === "function"
      ? String(callbacks.getParentRunId() ?? "")
      : "";
  const parent = parentId === "" ? undefined : tracer?.getRun?.(parentId);
  const above: unknown = parent?.extra?.metadata;
  const metadata = { ...(typeof above === "object" ? above : {}), ...config.metadata };
  return { parent, projectName: tracer?.projectName, metadata };
}
