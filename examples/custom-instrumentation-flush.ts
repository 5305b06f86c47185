// client.flush() (Python): everything is submitted before the program goes on.
// Run: node --import tsx --import otel-langsmith/register examples/custom-instrumentation-flush.ts
import { Client } from "otel-langsmith";
import { traceable } from "otel-langsmith/traceable";

const client = new Client();

const myTracedFunc = traceable(
  async () => {
    // Your code here...
  },
  { name: "my_traced_func", client },
);

try {
  await myTracedFunc();
} finally {
  await client.flush();
}
