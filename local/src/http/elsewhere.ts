// What LangSmith has and a developer's machine does not: said in a sentence, so that no client takes it for a typo.
import type { MiddlewareHandler } from "hono";
import { Refusal } from "../errors.js";

const PARTS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^\/(datasets|examples|repos\/.*\/examples|platform\/datasets)\b/, "Datasets and examples are"],
  [/^\/(runs\/[^/]+\/share|threads\/[^/]+\/share|public)\b/, "Sharing is"],
  [/^\/(repos|commits|likes|prompts|prompt-webhooks|hub)\b/, "Prompts, agents' contexts and the hub are"],
  [/^\/(annotation-queues|platform\/annotation-queues)\b/, "Annotation queues are"],
  [/^\/(evaluators|platform\/evaluators|runs\/rules|feedback-configs)\b/, "Evaluators and rules are"],
  [/^\/(sessions\/[^/]+\/(dashboard|charts|insights)|charts)\b/, "Dashboards, charts and insights are"],
  [/^\/otel\b/, "OpenTelemetry's own protocol (OTLP) is"],
  [
    /^\/(settings|workspaces|tenants|orgs|api-key|service-keys|usage-limits|ttl-settings|auth|me|agents)\b/,
    "Accounts are",
  ],
  [/^\/(platform|sandboxes|fleet|sql|alerts|bulk-exports|model-price-map|comparative|insights|tags)\b/, "This part is"],
];

/** Refuses a path of LangSmith's that is not served here, before a route takes a word of it for an id. */
export const refuseElsewhere: MiddlewareHandler = async (c, next) => {
  const bare = c.req.path.replace(/^\/(api\/)?v[12](?=\/)/, "");
  const part = PARTS.find(([pattern]) => pattern.test(bare));
  if (part) throw new Refusal(501, `${part[1]} not part of the local server; LangSmith itself has it.`);
  await next();
};
