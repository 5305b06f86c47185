// The viewer: what it is sent with, and that nothing a run holds becomes markup.
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../src/index.js";
import { ingest, makeRun, readJson, SECOND, sendMultipart, T0 } from "./support.js";

const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const NOW = Date.now() * 1000 - T0 - 10 * SECOND;
const HOSTILE = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
let server: LocalServer;

const root = makeRun({
  name: `agent ${HOSTILE}`,
  at: NOW,
  seconds: 3,
  session_name: HOSTILE,
  inputs: { messages: [{ role: HOSTILE, content: HOSTILE }], [HOSTILE]: HOSTILE },
  tags: [HOSTILE],
  extra: { metadata: { [HOSTILE]: HOSTILE } },
});
const usage = { usage_metadata: { input_tokens: 4, output_tokens: 6, total_tokens: 10 } };
const llm = makeRun({ parent: root, name: "model", run_type: "llm", at: NOW + SECOND, outputs: usage });
const tool = makeRun({ parent: root, name: "tool", run_type: "tool", at: NOW + 2 * SECOND, error: `Oops ${HOSTILE}` });
const pending = makeRun({ name: "slow", at: NOW + 5 * SECOND, seconds: null });

beforeAll(async () => {
  server = await startLocalServer();
  await ingest(server.url, [root, llm, tool, pending]);
});
afterAll(() => server.close());

test.each(["/", `/traces/${root.id}`])("%s comes with a policy that lets nothing foreign in", async (path) => {
  const response = await fetch(server.url + path);
  const policy = response.headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain("unsafe");
  const html = await response.text();
  expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org)|<script(?![^>]*src="\/page)|\son\w+=|style=/);
});

test("the trace list and a trace are answered as the page draws them", async () => {
  const list = await readJson(await fetch(`${server.url}/page/api/traces`));
  expect(list["traces"]).toMatchObject([
    { name: "slow", status: "pending", runs: 1, end: null },
    { name: root["name"], status: "success", runs: 3, total_tokens: 10, project: HOSTILE },
  ]);
  const trace = await readJson(await fetch(`${server.url}/page/api/traces/${root.id}`));
  expect(trace["runs"]).toMatchObject([{ id: root.id }, { id: llm.id, parent: root.id }, { id: tool.id }]);
  expect((await fetch(`${server.url}/page/api/traces/none`)).status).toBe(404);
});

const hasBrowser = existsSync(CHROMIUM);
let browser: Browser | undefined;
afterAll(() => browser?.close());

async function opened(path: string): Promise<{ page: Page; problems: string[] }> {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(server.url + path);
  return { page, problems };
}

test.skipIf(!hasBrowser)("hostile strings are shown as they are, everywhere", async () => {
  const { page, problems } = await opened("/");
  await page.locator("tbody tr", { hasText: "agent" }).click();
  await page.locator(".detail h3", { hasText: "Metadata" }).waitFor();
  expect(await page.locator(".detail h2").textContent()).toBe(root["name"]);
  expect(await page.locator(".message .role").first().textContent()).toBe(HOSTILE);
  expect(await page.locator(".detail .tag").textContent()).toBe(HOSTILE);
  await page.locator(".row", { hasText: "tool" }).click();
  await page.locator(".detail pre.bad").waitFor();
  expect(await page.locator(".detail pre.bad").textContent()).toBe(tool["error"]);
  expect(await page.locator("img, main script, iframe").count()).toBe(0);
  expect(await page.title()).not.toBe("owned");
  expect(problems).toEqual([]);
  await page.close();
});

test.skipIf(!hasBrowser)(
  "a trace is a tree with its times and tokens, opened at the run that its address names",
  async () => {
    const { page } = await opened(`/traces/${root.id}?run=${llm.id}`);
    await page.locator(".detail h2", { hasText: "model" }).waitFor();
    const rows = page.locator(".row");
    expect(await rows.evaluateAll((all) => all.map((row) => row.getAttribute("aria-level")))).toEqual(["1", "2", "2"]);
    expect(await rows.nth(1).textContent()).toContain("1.00 s · 10 tok");
    expect(await rows.nth(1).getAttribute("aria-selected")).toBe("true");
    await rows.nth(1).press("ArrowDown");
    await page.locator(".detail h2", { hasText: "tool" }).waitFor();
    expect(page.url()).toContain(`run=${tool.id}`);
    await page.close();
  },
);

test.skipIf(!hasBrowser)("the list is narrowed by words and by filters, and a wrong one is explained", async () => {
  const { page } = await opened("/");
  const filter = page.locator("#filter");
  await page.locator("tbody tr").nth(1).waitFor();
  await filter.fill("Oops");
  await filter.press("Enter");
  await expect.poll(() => page.locator("tbody tr").count()).toBe(1);
  await filter.fill('eq(status, "pending")');
  await filter.press("Enter");
  await page.locator("tbody tr", { hasText: "slow" }).waitFor();
  await filter.fill("eq(nmae, 1)");
  await filter.press("Enter");
  await page.locator("#problem", { hasText: "there is no field nmae" }).waitFor();
  await page.close();
});

test.skipIf(!hasBrowser)("a pending trace is drawn anew when it ends", async () => {
  const { page } = await opened(`/traces/${pending.id}`);
  await page.locator(".detail .status.pending").waitFor();
  await sendMultipart(server.url, { patch: [makeRun({ ...pending, at: NOW + 5 * SECOND, outputs: { a: 1 } })] });
  await page.locator(".detail .status.success").waitFor();
  await page.close();
});
