// The demo's first service: an agent that answers questions, streaming, with a tool that asks the weather service. It
// knows nothing of tracing: that comes from `node --import otel-langsmith/register concierge.mjs`.
import { createOpenAI } from "@ai-sdk/openai";
import { cosineSimilarity, embed, stepCountIs, streamText, tool } from "ai";
import express from "express";
import { z } from "zod";
import { listen, setting } from "./service.mjs";

const openai = createOpenAI({ baseURL: setting("MODEL_URL"), apiKey: "none" });
const weatherUrl = setting("WEATHER_URL");

const notes = [
  { text: "Umbrellas are lent at the front desk.", vector: [0.5, 0.75, 0.25, -0.25] },
  { text: "Breakfast is served from seven.", vector: [-0.75, 0.5, 0.25, -0.5] },
];

const get_weather = tool({
  description: "Today's weather in a city",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => {
    const answer = await fetch(new URL(`/weather/${encodeURIComponent(city)}`, weatherUrl));
    if (!answer.ok) throw new Error(`The weather service answered ${answer.status}.`);
    return answer.json();
  },
});

const app = express();

app.get("/health", (_request, response) => {
  response.json({ ok: true });
});

app.post("/ask", express.json(), async (request, response) => {
  const { question } = z.object({ question: z.string() }).parse(request.body);
  const { embedding } = await embed({
    model: openai.embedding("text-embedding-3-small"),
    value: question,
    experimental_telemetry: { isEnabled: true, functionId: "find-notes" },
  });
  const [note] = notes.toSorted((a, b) => nearness(b) - nearness(a));
  /** @param {{ vector: number[] }} note */
  function nearness(note) {
    return cosineSimilarity(note.vector, embedding);
  }
  streamText({
    model: openai.chat("gpt-4o-mini"),
    system: `You are a hotel's concierge. A note that may help: ${note?.text}`,
    prompt: question,
    tools: { get_weather },
    stopWhen: stepCountIs(4),
    experimental_telemetry: { isEnabled: true, functionId: "concierge", metadata: { session_id: "room-12" } },
  }).pipeTextStreamToResponse(response);
});

await listen(app);
