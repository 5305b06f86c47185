// The tracer provider that is registered globally, as far as the public API shows it.

import { diag, ProxyTracerProvider, type TracerProvider, trace } from "@opentelemetry/api";
import { kindOfThrown } from "./thrown.js";

/** The provider that the application has registered, without the API's proxy; undefined where there is none. */
export function registeredProvider(): TracerProvider | undefined {
  const registered = trace.getTracerProvider();
  const delegate = isProxy(registered) ? registered.getDelegate() : registered;
  // A fresh proxy delegates to the no-op provider, whose class the API does not export. Another copy of the API has
  // another such class: there its name has to do.
  const { constructor: noop } = new ProxyTracerProvider().getDelegate();
  return delegate.constructor !== noop && delegate.constructor.name !== noop.name ? delegate : undefined;
}

function isProxy(provider: TracerProvider): provider is TracerProvider & { getDelegate(): TracerProvider } {
  return "getDelegate" in provider && typeof provider.getDelegate === "function";
}

/** Flushes the registered provider, where it is one of an SDK. Never rejects. */
export async function flushRegisteredProvider(): Promise<void> {
  const provider = registeredProvider();
  if (!provider || !("forceFlush" in provider) || typeof provider.forceFlush !== "function") return;
  try {
    await provider.forceFlush();
  } catch (error) {
    // Another exporter's endpoint may be away: ours got its spans all the same.
    // It may be that of another exporter, with its headers.
    diag.info(`otel-langsmith: the tracer provider's flush failed (${kindOfThrown(error)})`);
  }
}
