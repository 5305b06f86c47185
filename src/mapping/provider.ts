// A model's provider, from what libraries write for it: a name, a name with a part behind it, or a host.
import { toText } from "./json.js";

/** Names of the GenAI conventions whose first part alone would be another company's product. */
const wholeProviders = /^(gcp|aws|azure\.ai|ibm)\./;

/** Hosts of providers; a name that begins with a dot is the end of theirs. */
const byHost: readonly (readonly [host: string, provider: string])[] = [
  ["api.openai.com", "openai"],
  [".openai.azure.com", "azure"],
  [".services.ai.azure.com", "azure"],
  ["api.anthropic.com", "anthropic"],
  [".googleapis.com", "google"],
  [".amazonaws.com", "amazon_bedrock"],
  ["api.mistral.ai", "mistral"],
  ["api.groq.com", "groq"],
  ["api.cohere.com", "cohere"],
  ["api.cohere.ai", "cohere"],
  ["api.deepseek.com", "deepseek"],
  ["api.perplexity.ai", "perplexity"],
  ["api.together.xyz", "together"],
  ["api.fireworks.ai", "fireworks"],
  ["api.cerebras.ai", "cerebras"],
  ["api.x.ai", "xai"],
  ["openrouter.ai", "openrouter"],
];

const topLevel = "com|ai|net|org|io|dev|co|cloud|app|xyz|local|internal|localhost";
const hostName = new RegExp(`^(?:[a-z0-9-]{1,63}\\.){1,10}(?:${topLevel})$`);
const address = /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]{2,45}\])$/;

/** The provider that a value names; undefined for a host of which nobody knows whose models it serves. */
export function toProvider(value: unknown): string | undefined {
  const provider = toText(value);
  if (provider === undefined || wholeProviders.test(provider)) return provider;
  const host = hostIn(provider);
  if (host !== undefined) {
    return byHost.find(([known]) => (known.startsWith(".") ? host.endsWith(known) : host === known))?.[1];
  }
  const dot = provider.indexOf(".");
  return dot > 0 ? provider.slice(0, dot) : provider;
}

function hostIn(provider: string): string | undefined {
  if (provider.length > 512) return undefined;
  const rest = provider.toLowerCase().replace(/^[a-z]{2,10}:\/\//, "");
  const end = rest.search(/[/?#]/);
  const host = (end === -1 ? rest : rest.slice(0, end)).replace(/:\d{1,5}$/, "");
  return hostName.test(host) || address.test(host) ? host : undefined;
}
