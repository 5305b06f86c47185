// The GenAI libraries that an application has, and how each is traced there.
import { isTracedNatively } from "../options/tracing.js";
import { installedVersion, type Project } from "./installed.js";

/** What an instrumentation that was started supports: the modules it patches, and their versions. */
export interface Supported {
  readonly module: string;
  readonly isSupported: (version: string) => boolean;
}

/** A library that is installed. */
export interface FoundLibrary {
  readonly name: string;
  readonly version: string;
  /** Whether its calls make spans once the user has done what `how` says, or by themselves. */
  readonly isTraced: boolean;
  /** How it is traced here, in a few words. */
  readonly how: string;
  /** What is to be installed beside it, first. */
  readonly needs: readonly string[];
}

interface Rule {
  readonly name: string;
  readonly read: (found: Surroundings) => Omit<FoundLibrary, "name" | "version">;
}

interface Surroundings {
  readonly version: string;
  readonly major: number;
  /** By an instrumentation that was started here. */
  readonly isInstrumented: boolean;
  /** Whether one that was started here patches this other module. */
  instruments(module: string): boolean;
  has(name: string): boolean;
}

const traced = (how: string) => ({ isTraced: true, how, needs: [] });
const untraced = (how: string, ...needs: string[]) => ({ isTraced: false, how, needs });

/** `@arizeai/openinference-instrumentation-x` and `@traceloop/instrumentation-x`: they start by code of their own. */
function byOthers({ has }: Surroundings, library: string) {
  const found = [`@arizeai/openinference-instrumentation-${library}`, `@traceloop/instrumentation-${library}`].find(
    has,
  );
  return found === undefined ? undefined : traced(`traced where ${found} is started`);
}

/** What traces itself with the langsmith package; `register` has joined the two. */
const native = () =>
  isTracedNatively() ? traced("traced by the langsmith package") : traced("traced where LANGSMITH_TRACING=true is set");

/** LangChain's own trace of a model call knows nothing of the instrumentation's, and neither nests in the other. */
function langChain({ has, instruments }: Surroundings) {
  if (isTracedNatively() && has("@langchain/openai") && instruments("openai"))
    return traced(
      "traced by the langsmith package, its openai calls twice: set OTEL_NODE_DISABLED_INSTRUMENTATIONS=openai",
    );
  return native();
}

const RULES: readonly Rule[] = [
  {
    name: "ai",
    read({ major, has }) {
      if (major < 7) return traced("traced where experimental_telemetry is set");
      if (has("@ai-sdk/otel")) return traced("traced where registerTelemetry(new OpenTelemetry()) is called");
      return untraced("not traced, install @ai-sdk/otel", "@ai-sdk/otel");
    },
  },
  {
    name: "openai",
    read(found) {
      if (found.isInstrumented) return traced("traced");
      return byOthers(found, "openai") ?? untraced("no instrumentation, use wrapOpenAI");
    },
  },
  {
    name: "@anthropic-ai/sdk",
    read(found) {
      if (found.isInstrumented) return traced("traced");
      // From 1.0 on it makes spans by itself, without content unless told so.
      if (found.major >= 1) return traced('traced, with content where openTelemetry.traces.contentMode is "content"');
      return byOthers(found, "anthropic") ?? untraced("no instrumentation, use wrapAnthropic");
    },
  },
  {
    name: "@langchain/core",
    read: (found) => byOthers(found, "langchain") ?? langChain(found),
  },
  { name: "@google/genai", read: () => untraced("no instrumentation, use wrapSDK") },
  { name: "langsmith", read: native },
  { name: "@langfuse/tracing", read: () => traced("traced") },
  {
    name: "@mastra/core",
    read: ({ has }) =>
      has("@mastra/otel-bridge")
        ? traced("traced")
        : untraced("not traced, install @mastra/otel-bridge", "@mastra/otel-bridge"),
  },
];

/**
 * The libraries that are installed, each with how it is traced; only those that the project's package.json names, where
 * there is one.
 *
 * @param late modules that were loaded before the instrumentations were started
 */
export function findLibraries(
  { dependencies }: Project,
  supported: readonly Supported[],
  late: readonly string[] = [],
): FoundLibrary[] {
  const has = (name: string) => installedVersion(name) !== undefined;
  return RULES.flatMap(({ name, read }) => {
    if (dependencies.size > 0 && !dependencies.has(name)) return [];
    const version = installedVersion(name);
    if (version === undefined) return [];
    const instruments = (module: string) =>
      supported.some((one) => one.module === module && one.isSupported(installedVersion(module) ?? ""));
    if (instruments(name) && late.includes(name)) {
      return [{ name, version, ...untraced("loaded before register, so not traced") }];
    }
    const major = Number.parseInt(version, 10);
    return [{ name, version, ...read({ version, major, isInstrumented: instruments(name), instruments, has }) }];
  });
}

/** `ai 6.0: traced where experimental_telemetry is set`. */
export function describeLibrary({ name, version, how }: FoundLibrary): string {
  return `${name} ${version.split(".").slice(0, 2).join(".")}: ${how}`;
}
