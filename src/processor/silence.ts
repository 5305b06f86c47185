// A bridge to which no span has ever come: what stands in the way, as far as the registered provider shows it.

import { trace } from "@opentelemetry/api";
import { registeredProvider } from "../registered-provider.js";
import { sharedSlot } from "../shared.js";
import { warnOnce } from "../warnings.js";

/** Says why no span came to a processor or an exporter, where that can be seen. */
export function warnOfSilence(face: object): void {
  const provider = registeredProvider();
  if (!provider) {
    warnOnce(
      "LSB_WARN_NO_PROVIDER",
      "No span has come to otel-langsmith, and no tracer provider is registered: call sdk.start() (or provider.register()), or start the program with `node --import otel-langsmith/register`.",
    );
    return;
  }
  const seen = search(provider, face);
  if (seen.hasFace) {
    const sampler = samplerName();
    if (sampler !== undefined && dropsAll(sampler)) warnOfSampler(sampler);
  } else if (seen.hasProcessors && !isRegistered()) {
    warnOnce(
      "LSB_WARN_OTHER_PROVIDER",
      "No span has come to otel-langsmith's processor: another tracer provider is the registered one, and OpenTelemetry keeps the first. Give that provider the processor (spanProcessors of its NodeSDK, registerOTel or Sentry.init), and start no second one.",
    );
  }
}

/** Under register a second provider is refused aloud; one that replaced it was meant to. */
function isRegistered(): boolean {
  return sharedSlot("registration").value !== undefined;
}

/** Says that nothing is recorded, by a sampler of OpenTelemetry's. */
export function warnOfSampler(sampler: string): void {
  warnOnce(
    "LSB_WARN_SAMPLED_OUT",
    `The sampler ${sampler} records nothing, so no runs are sent. Change OTEL_TRACES_SAMPLER (or the provider's sampler), or record for LangSmith alone with LangSmithSampler (recordUnsampled of register).`,
  );
}

/** Whether a sampler, by what it calls itself, drops every trace. */
export function dropsAll(sampler: string): boolean {
  return DROPS_ALL.test(sampler);
}

const DROPS_ALL = /^(?:ParentBased\{root=)?(?:AlwaysOffSampler|TraceIdRatioBased\{0\})/;

/** `Sampler.toString()` is OpenTelemetry's own; where a tracer keeps its sampler is not, so this may see nothing. */
function samplerName(): string | undefined {
  const tracer = trace.getTracer("otel-langsmith");
  const delegate: unknown = Reflect.get(tracer, "_delegate") ?? tracer;
  const sampler: unknown = isObject(delegate) ? Reflect.get(delegate, "_sampler") : undefined;
  return isObject(sampler) ? String(sampler) : undefined;
}

const MAX_OBJECTS = 300;

/** Looks through what a provider holds openly; private fields show nothing, and then nothing is said. */
function search(provider: object, face: object): { hasFace: boolean; hasProcessors: boolean } {
  const seen = new Set<object>([provider]);
  let hasProcessors = false;
  for (const each of seen) {
    if (each === face) return { hasFace: true, hasProcessors };
    if (seen.size > MAX_OBJECTS) break;
    hasProcessors ||= each !== provider && "onStart" in each && "onEnd" in each;
    for (const name of Object.getOwnPropertyNames(each)) {
      const descriptor = Object.getOwnPropertyDescriptor(each, name);
      // A getter is somebody's code.
      if (descriptor && isObject(descriptor.value)) seen.add(descriptor.value);
    }
  }
  return { hasFace: false, hasProcessors };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
