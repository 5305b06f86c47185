// The demo's second service: says what the weather in a city is. It asks a model itself, and knows nothing of tracing:
// that comes from `node --import otel-langsmith/register weather.mjs`.
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, Output } from "ai";
import express from "express";
import { z } from "zod";
import { listen, setting } from "./service.mjs";

const model = createOpenAI({ baseURL: setting("MODEL_URL"), apiKey: "none" }).chat("gpt-4o-mini");
const forecast = z.object({ city: z.string(), temperature_c: z.number(), summary: z.string() });

const app = express();

app.get("/weather/:city", async (request, response) => {
  const { output } = await generateText({
    model,
    prompt: `Sum up today's measurements for ${request.params.city} as a forecast.`,
    output: Output.object({ schema: forecast }),
    experimental_telemetry: { isEnabled: true, functionId: "forecast" },
  });
  response.json(output);
});

await listen(app);
