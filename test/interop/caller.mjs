// A process that calls two servers with three HTTP clients, each call under a run of its own.
import http from "node:http";
import { context, propagation, trace } from "@opentelemetry/api";
import { register } from "otel-langsmith";
import { request } from "undici";

const isInstrumented = process.env.INSTRUMENTED === "yes";
// Preloaded: this is the registration that is there.
const tracing = register();

function headers() {
  const carrier = {};
  if (!isInstrumented) propagation.inject(context.active(), carrier);
  return carrier;
}

const clients = {
  fetch: async (url) => (await fetch(url, { headers: headers() })).text(),
  undici: async (url) => (await request(url, { headers: headers() })).body.text(),
  "node:http": (url) =>
    new Promise((resolve, reject) => {
      http
        .get(url, { headers: headers() }, (response) => {
          let text = "";
          response.on("data", (chunk) => {
            text += chunk;
          });
          response.on("end", () => resolve(text));
        })
        .on("error", reject);
    }),
};

for (const [server, address] of Object.entries(JSON.parse(process.env.SERVERS))) {
  for (const [client, call] of Object.entries(clients)) {
    const name = `${client} to ${server}`;
    await trace
      .getTracer("caller")
      .startActiveSpan(name, { attributes: { "gen_ai.operation.name": "invoke_agent" } }, async (span) => {
        await call(`${address}/?name=${encodeURIComponent(name)}`);
        span.end();
      });
  }
}
await tracing.shutdown();
