// What the bridge keeps in an OpenTelemetry context: a place to hang under, and what runs started inside inherit.

import { type Context, createContextKey, trace } from "@opentelemetry/api";
import { START_CONTEXT } from "../shared.js";
import type { KeyValues, RunType } from "../wire/run.js";
import type { ParentPlace } from "./place.js";

/** A place set in a context, from a header or a reference. */
export interface ContextPlace {
  readonly place: ParentPlace;
  /** The trace's project, where it is known and accepted; else the local one is used. */
  readonly project: string | undefined;
  /** Metadata and tags that came with it and were accepted. */
  readonly metadata: Readonly<KeyValues> | undefined;
  readonly tags: readonly string[] | undefined;
  /** The span that was active when the place was set: a local span started since then wins over the place. */
  readonly activeSpanId: string | undefined;
  /** The run's name and type, where the reference said them. */
  readonly name?: string | undefined;
  readonly runType?: RunType | undefined;
  /** From a header: whether its trace is sampled is decided by the trace's id, as in the service that began it. */
  readonly isFromHeader?: boolean;
}

/** What runs started inside inherit; every field is optional and the inner context wins field by field. */
export interface TracingSettings {
  readonly projectName?: string;
  readonly metadata?: Readonly<KeyValues>;
  readonly tags?: readonly string[];
  /** False: spans started inside are no runs. */
  readonly enabled?: boolean;
  /** The clients that these runs are made with, as far as they were told to hide, to mask or to sample. */
  readonly clients?: readonly object[];
  /** True: the next span started inside roots a new LangSmith trace, the old one named in its metadata. */
  readonly newTrace?: boolean;
  /** Metadata that names the old trace on the new one's root. */
  readonly continues?: Readonly<KeyValues>;
}

/** The id and the place that a span is to have, as its maker said them. */
export interface StatedPlace {
  readonly id: string;
  readonly dottedOrder: string | undefined;
}

// createContextKey makes Symbol.for(description): two copies of the package share these.
const STATED = createContextKey("otel-langsmith.stated-place");
const PLACE = createContextKey("otel-langsmith.place");
const SETTINGS = createContextKey("otel-langsmith.settings");

/** A context under whose place the next spans hang. */
export function setPlace(context: Context, place: Omit<ContextPlace, "activeSpanId">): Context {
  const activeSpanId = trace.getSpanContext(context)?.spanId;
  const value: ContextPlace = { ...place, activeSpanId };
  return context.setValue(PLACE, value);
}

/**
 * A context to start one span with, which gets this place. The span says it in its attributes too, where an application's
 * limits of attributes may have cut it by the time it is read.
 */
export function setStatedPlace(context: Context, place: StatedPlace): Context {
  return context.setValue(STATED, place);
}

/** The place that the span that starts with this context is to have. */
export function getStatedPlace(context: Context): StatedPlace | undefined {
  return context.getValue(STATED) as StatedPlace | undefined;
}

/** The place set in a context, whether or not it still wins. */
export function getPlace(context: Context): ContextPlace | undefined {
  return context.getValue(PLACE) as ContextPlace | undefined;
}

/**
 * The place that wins in a context, or undefined: it wins while the active span is the one that was active when it was
 * set, or is remote; a local span started since then wins over it.
 */
export function winningPlace(context: Context): ContextPlace | undefined {
  const set = getPlace(context);
  if (!set) return undefined;
  const active = trace.getSpanContext(context);
  return active?.isRemote === true || active?.spanId === set.activeSpanId ? set : undefined;
}

/** A context with settings laid over those that it has. */
export function setSettings(context: Context, settings: TracingSettings): Context {
  const outer = inheritable(getSettings(context));
  const merged: TracingSettings = outer
    ? {
        ...outer,
        ...settings,
        metadata: { ...outer.metadata, ...settings.metadata },
        tags: [...new Set([...(outer.tags ?? []), ...(settings.tags ?? [])])],
        ...clientsOf(outer, settings),
      }
    : settings;
  return context.setValue(SETTINGS, merged);
}

// What an outer client was told to hide stays hidden, whatever the inner one says.
function clientsOf(outer: TracingSettings, inner: TracingSettings): Pick<TracingSettings, "clients"> {
  if (!outer.clients || !inner.clients) return {};
  return { clients: [...new Set([...inner.clients, ...outer.clients])] };
}

// A new trace begins once, at the span that was asked for, not at every setting inside it.
function inheritable(settings: TracingSettings | undefined): TracingSettings | undefined {
  if (!settings?.newTrace) return settings;
  const { newTrace: _, continues: __, ...rest } = settings;
  return rest;
}

/** The settings in a context. */
export function getSettings(context: Context): TracingSettings | undefined {
  return context.getValue(SETTINGS) as TracingSettings | undefined;
}

/**
 * Leaves beside a span the context that it started with, for an exporter, which only gets the span: what was set there
 * (a place, a project, metadata, tags) is not on the span itself.
 */
export function leaveStartContext(span: object, context: Context): void {
  // Not enumerable: spans are printed and spread by others.
  Reflect.defineProperty(span, START_CONTEXT, { value: context, enumerable: false, configurable: true });
}

/** The context that was left beside a span. */
export function startContextOf(span: object): Context | undefined {
  return (span as { [START_CONTEXT]?: Context })[START_CONTEXT];
}
