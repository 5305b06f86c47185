// The local server's page in a real browser: the demo's trace is in the list, and opens as the tree that it is.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "../../demo/browser.mjs";
import { serveDemo } from "../../demo/served.mjs";

let demo: Awaited<ReturnType<typeof serveDemo>>;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
/** What the page itself complained about: scripts that threw, files that were missing. */
const complaints: string[] = [];

beforeAll(async () => {
  demo = await serveDemo();
  browser = await openBrowser();
  page = browser.page;
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("response", (answer) => {
    if (answer.status() >= 400) complaints.push(`${answer.status()} ${answer.url()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(demo.url) && !request.url().startsWith("data:")) complaints.push(request.url());
  });
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

describe("the page", () => {
  it("lists the demo's trace, and that one alone", async () => {
    await page.goto(demo.url);
    const traces = page.locator("tbody").getByRole("link");
    await traces.first().waitFor();
    expect(await traces.allTextContents()).toEqual(["POST /ask"]);
  });

  it("opens it as a tree with both services' runs, each under its parent", async () => {
    await page.getByRole("link", { name: "POST /ask" }).click();
    const rows = page.getByRole("treeitem");
    await rows.first().waitFor();
    const levels = await rows.evaluateAll((elements) =>
      elements.map((element) => [Number(element.getAttribute("aria-level")), element.textContent ?? ""] as const),
    );
    expect(levels).toHaveLength(12);
    expect(levels[0]).toEqual([1, expect.stringContaining("POST /ask")]);
    // A tool, and what the other service did for it, one level deeper each.
    const tools = levels.flatMap(([, text], at) => (text.includes("get_weather") ? [at] : []));
    expect(tools).toHaveLength(2);
    for (const at of tools) {
      const depth = levels[at]?.[0] ?? 0;
      expect(levels[at + 1]).toEqual([depth + 1, expect.stringContaining("chain")]);
      expect(levels[at + 2]).toEqual([depth + 2, expect.stringContaining("llm")]);
    }
    // No row skips a level: every run hangs under one that is there.
    for (const [at, [level]] of levels.entries()) expect(level).toBeLessThanOrEqual((levels[at - 1]?.[0] ?? 0) + 1);
  });

  it("shows what a run was given and what it answered", async () => {
    await page.getByRole("treeitem").last().click();
    await page.getByText("Paris is 18°C and cloudy; Berlin is 12°C with rain.").first().waitFor();
    await page.getByText("Compare the weather in Paris and Berlin. Do I need an umbrella?").first().waitFor();
  });

  it("has an address of its own for a trace, that can be opened again", async () => {
    const address = page.url();
    expect(address).toMatch(/\/traces\/[0-9a-f-]{36}/);
    await page.goto(address);
    await page.getByRole("treeitem").first().waitFor();
    expect(await page.getByRole("treeitem").count()).toBe(12);
  });

  it("asked nothing of the network and broke nowhere", () => {
    expect(complaints).toEqual([]);
  });
});
