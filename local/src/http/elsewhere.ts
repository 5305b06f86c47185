// What LangSmith has and a developer's machine does not: said in a sentence, so that no client takes it for a typo.

const PARTS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^\/(datasets|examples|repos\/.*\/examples|platform\/datasets)\b/, "Datasets and examples are"],
  [/^\/(runs\/[^/]+\/share|threads\/[^/]+\/share|public)\b/, "Sharing is"],
  [/^\/(repos|commits|likes|prompts|prompt-webhooks|hub)\b/, "Prompts, agents' contexts and the hub are"],
  [/^\/(annotation-queues|platform\/annotation-queues)\b/, "Annotation queues are"],
  [/^\/(evaluators|platform\/evaluators|runs\/rules|feedback-configs)\b/, "Evaluators and rules are"],
  [/^\/(sessions\/[^/]+\/(dashboard|charts)|charts)\b/, "Dashboards and charts are"],
  [/^\/otel\b/, "OpenTelemetry's own protocol (OTLP) is"],
  [
    /^\/(settings|workspaces|tenants|orgs|api-key|service-keys|usage-limits|ttl-settings|auth|me|agents)\b/,
    "Accounts are",
  ],
  [/^\/(platform|sandboxes|fleet|sql|alerts|bulk-exports|model-price-map|comparative|insights|tags)\b/, "This part is"],
];

/** What to answer for a path of LangSmith's that is not served here; undefined for a path that is nobody's. */
export function elsewhere(path: string): string | undefined {
  const bare = path.replace(/^\/(api\/)?v[12](?=\/)/, "");
  const part = PARTS.find(([pattern]) => pattern.test(bare));
  return part && `${part[1]} not part of the local server; LangSmith itself has it.`;
}
