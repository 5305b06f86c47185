// The first service: it runs an agent that asks the second one. Nothing here knows of LangSmith.
import { createServer } from "node:http";
import { trace } from "@opentelemetry/api";

const tracer = trace.getTracer("agent");

const server = createServer((request, response) => {
  const city = new URL(request.url ?? "/", "http://localhost").searchParams.get("city");
  tracer.startActiveSpan("invoke_agent", { attributes: { "gen_ai.operation.name": "invoke_agent" } }, async (span) => {
    const answer = await fetch(`${process.env.WEATHER_URL}/weather?city=${city}`);
    response.end(await answer.text());
    span.end();
  });
});
server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
