// A process with two servers, node:http and Express: every request is answered under a run.
import http from "node:http";
import { trace } from "@opentelemetry/api";
import express from "express";
import { withRun } from "otel-langsmith";

const isInstrumented = process.env.INSTRUMENTED === "yes";

function answer(request, response) {
  const name = new URL(request.url, "http://localhost").searchParams.get("name");
  const work = () =>
    trace.getTracer("server").startActiveSpan(`answer ${name}`, (span) => {
      span.end();
      response.end("ok");
    });
  if (isInstrumented) work();
  else withRun(request.headers, work);
}

const app = express();
app.get("/", answer);
const servers = { "node:http": http.createServer(answer), Express: http.createServer(app) };
const addresses = {};
for (const [name, server] of Object.entries(servers)) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  addresses[name] = `http://127.0.0.1:${server.address().port}`;
}
console.log(`listening ${JSON.stringify(addresses)}`);
