// An AWS Lambda handler whose runs have all arrived when it answers: the platform freezes the process right after that.
import { SpanStatusCode, trace } from "@opentelemetry/api";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { LangSmithSpanProcessor } from "otel-langsmith";

// Made once a container, reused by every invocation; `immediate` sends each run as it ends, beside the handler's work.
const langsmith = new LangSmithSpanProcessor({ exportMode: "immediate" });
const provider = new NodeTracerProvider({ spanProcessors: [langsmith] });
provider.register();
const tracer = trace.getTracer("lambda-example");

/** What the function is called with. */
export interface QuestionEvent {
  question: string;
}

export async function handler(event: QuestionEvent): Promise<{ answer: string }> {
  try {
    return await tracer.startActiveSpan("answer", async (span) => {
      try {
        return { answer: await askModel(event.question) };
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
        throw error;
      } finally {
        span.end();
      }
    });
  } finally {
    // Not in the background: what is not sent now may be sent hours later, or never.
    await langsmith.forceFlush();
  }
}

/** Stands for a call to a model; an instrumented SDK makes this span by itself. */
async function askModel(question: string): Promise<string> {
  return tracer.startActiveSpan(
    "chat small-model",
    { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "small-model" } },
    async (span) => {
      const answer = `You asked: ${question}`;
      span.setAttribute("gen_ai.usage.input_tokens", question.length);
      span.setAttribute("gen_ai.usage.output_tokens", answer.length);
      span.end();
      return answer;
    },
  );
}
