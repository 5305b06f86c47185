// The second service: its spans hang under the run of whoever calls it.
import { createServer } from "node:http";
import { trace } from "@opentelemetry/api";

const tracer = trace.getTracer("weather");

const server = createServer((request, response) => {
  tracer.startActiveSpan("GET /weather", (handler) => {
    tracer.startActiveSpan("chat", { attributes: { "gen_ai.operation.name": "chat" } }, (chat) => {
      chat.end();
      handler.end();
      response.end(`Sunny, says ${request.headers["langsmith-trace"] ? "a traced" : "an untraced"} service.\n`);
    });
  });
});
server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
