// Which instrumentation scopes are plumbing (HTTP, databases, queues, frameworks), so that their spans are passed over.

/** `@opentelemetry/instrumentation-…`: what `@opentelemetry/auto-instrumentations-node` brings, and its elders. */
const OPENTELEMETRY = [
  // Brought today. `openai` is not here: a model's SDK is what the bridge is about.
  ..."amqplib aws-lambda aws-sdk bunyan cassandra-driver connect cucumber dataloader dns express fs".split(" "),
  ..."generic-pool graphql grpc hapi host-metrics http ioredis kafkajs knex koa lru-memoizer memcached".split(" "),
  ..."mongodb mongoose mysql mysql2 nestjs-core net oracledb pg pino redis restify router".split(" "),
  ..."runtime-node socket.io tedious undici winston".split(" "),
  // Brought once, or kept beside it in the same repositories.
  ..."fastify redis-4 sequelize typeorm mongodb-driver fetch xml-http-request document-load".split(" "),
].map((name) => `@opentelemetry/instrumentation-${name}`);

/**
 * `@sentry/instrumentation-…`: Sentry's own copies. Its `openai`, `anthropic-ai`, `google-genai`, `langchain`,
 * `langgraph` and `vercel-ai` are models' and therefore not here; nor are `@sentry/node` and `@sentry/opentelemetry`,
 * the scopes of what an application makes with `Sentry.startSpan`.
 */
const SENTRY = [
  ..."amqplib connect dataloader fastify fastify-v3 firebase generic-pool graphql hapi hono http ioredis".split(" "),
  ..."kafkajs knex koa lru-memoizer mongodb mongoose mysql mysql2 nestjs-core node-fetch pg redis tedious".split(" "),
  ..."aws-serverless express postgres-js undici".split(" "),
].map((name) => `@sentry/instrumentation-${name}`);

/** Azure's instrumentation opens a scope for each package of the SDK. Its packages for models are not here. */
const AZURE = [
  ..."core-rest-pipeline core-client core-http core-amqp identity keyvault-secrets keyvault-keys".split(" "),
  ..."keyvault-certificates storage-blob storage-queue storage-file-share storage-file-datalake".split(" "),
  ..."data-tables cosmos service-bus event-hubs eventgrid app-configuration web-pubsub".split(" "),
  "opentelemetry-instrumentation-azure-sdk",
].map((name) => `@azure/${name}`);

const INFRASTRUCTURE: ReadonlySet<string> = new Set([
  ...OPENTELEMETRY,
  ...SENTRY,
  ...AZURE,
  "sentry-express",
  "sentry-postgres-js",
  "@sentry/nestjs",
  // Next.js' internals, and the fetch instrumentation of @vercel/otel.
  "next.js",
  "@vercel/otel",
  "@vercel/otel/fetch",
  "prisma",
  "@prisma/instrumentation",
  "@fastify/otel",
  "@hono/otel",
  // bullmq-otel names its scope so unless it is told another name; the others are instrumentations of BullMQ, too.
  "bullmq",
  "bullmq-otel",
  "opentelemetry-instrumentation-bullmq",
  "@appsignal/opentelemetry-instrumentation-bullmq",
  "@jenniferplusplus/opentelemetry-instrumentation-bullmq",
  "@google-cloud/pubsub",
  // Aspecto's, before some of them moved to OpenTelemetry.
  "opentelemetry-instrumentation-elasticsearch",
  "opentelemetry-instrumentation-express",
  "opentelemetry-instrumentation-kafkajs",
  "opentelemetry-instrumentation-mongoose",
  "opentelemetry-instrumentation-neo4j",
  "opentelemetry-instrumentation-sequelize",
  "opentelemetry-instrumentation-typeorm",
]);

/**
 * Whether spans of this instrumentation scope are infrastructure. Names are compared whole, so that the
 * instrumentation of a model's SDK is not taken for plumbing because its scope begins alike; an unknown scope is the
 * application's.
 *
 * @example
 * isInfrastructureScope("@opentelemetry/instrumentation-http"); // true
 * isInfrastructureScope("@opentelemetry/instrumentation-openai"); // false
 */
export function isInfrastructureScope(scopeName: string): boolean {
  return INFRASTRUCTURE.has(scopeName);
}
