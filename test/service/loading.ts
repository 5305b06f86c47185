// A program that loads the bridge's entries one after another, and prints what that changed: on `globalThis`, and in what
// the application's own `fetch` does. It says nothing of what is right.
import { z } from "zod";

export const FORMATS = ["esm", "cjs"] as const;
export type Format = (typeof FORMATS)[number];

/**
 * What the application did before: nothing; one `fetch`, which makes Node set its dispatcher; or it set a dispatcher of
 * its own.
 */
export const STATES = ["no fetch so far", "a fetch before", "a dispatcher of its own"] as const;
export type State = (typeof STATES)[number];

export const ENTRIES = ["", "/traceable", "/run_trees", "/worker", "/langsmith", "/register"];

/** What the program prints. */
const report = z.object({
  /** By entry, and at last by the bridge's own requests: properties of `globalThis` that are new, or other than before. */
  changed: z.record(z.string(), z.array(z.string())),
  /** What the application's requests came to, by kind. */
  answers: z.record(z.string(), z.string()),
  /** How many requests the application's own dispatcher saw. */
  dispatched: z.number(),
  /** Paths at which the bridge's own requests came in. */
  asked: z.array(z.string()),
  /** Tunnels that were asked for, once the environment named a proxy. */
  tunnels: z.number(),
});
export type Report = z.infer<typeof report>;

export function reportIn(stdout: string): Report {
  return report.parse(JSON.parse(stdout.split("report:")[1] ?? ""));
}

/** The program's arguments are the state, and the entries. */
export function loadingProgram(format: Format): string {
  const load = format === "esm" ? "import" : "require";
  return `
const { createServer } = process.getBuiltinModule("node:http");
const { connect } = process.getBuiltinModule("node:net");
const [state, ...entries] = process.argv.slice(2);
const report = { changed: {}, answers: {}, dispatched: 0, asked: [], tunnels: 0 };

function globals() {
  // To look at what Node makes lazily is to make it, its dispatcher among them: without a fetch, keys alone are compared.
  const look = (key) => (state === "no fetch so far" ? {} : Object.getOwnPropertyDescriptor(globalThis, key));
  return new Map(Reflect.ownKeys(globalThis).map((key) => [key, look(key)]));
}
function differences(before, after) {
  const differ = (a, b) => {
    if (a === undefined || b === undefined) return true;
    // Node makes some of its own only when they are first used; its getter then gives what stands there.
    if (a.get && "value" in b) return a.get.call(globalThis) !== b.value;
    return ["value", "get", "set"].some((part) => !Object.is(a[part], b[part]));
  };
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => differ(before.get(key), after.get(key))).map(String);
}
async function post(name, init) {
  try {
    report.answers[name] = await (await fetch(address + "/application", { method: "POST", ...init })).text();
  } catch (error) {
    report.answers[name] = error.message + ": " + error.cause?.message;
  }
}

async function main() {
  if (state === "a fetch before") await (await fetch(address + "/application")).text();
  let own;
  if (state === "a dispatcher of its own") {
    await (await fetch(address + "/application")).text();
    for (const key of Reflect.ownKeys(globalThis).filter((key) => String(key).startsWith("Symbol(undici.globalDispatcher."))) {
      const inner = globalThis[key];
      own = { dispatch: (...args) => { report.dispatched += 1; return inner.dispatch(...args); } };
      globalThis[key] = own;
    }
  }
  const loaded = {};
  for (const entry of entries) {
    const before = globals();
    Object.assign(loaded, await ${load}("otel-langsmith" + entry));
    report.changed[entry] = differences(before, globals());
  }

  const before = globals();
  // The bridge's own requests: one for runs, one that reads.
  await loaded.traceable?.(async () => "done", { name: "work" })();
  if (loaded.Client) {
    const client = new loaded.Client({ apiUrl: address, apiKey: "any" });
    await client.flush();
    const read = () => client.readRun("01900000-0000-7000-8000-000000000000").catch(() => {});
    await read();
    Object.assign(process.env, { HTTP_PROXY: address, http_proxy: address, NO_PROXY: "", no_proxy: "" });
    await read();
  }
  report.changed["requests"] = differences(before, globals());

  await post("content-length", { body: "abc", headers: { "content-length": "3" } });
  const parts = new ReadableStream({
    start(controller) {
      for (const part of ["abc", "def"]) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });
  await post("stream", { body: parts, duplex: "half" });
  if (own) await post("dispatcher", { body: "abc", dispatcher: own });
  console.log("report:" + JSON.stringify(report));
  server.closeAllConnections();
  server.close();
}

let address;
const server = createServer((request, response) => {
  let bytes = 0;
  request.on("data", (data) => { bytes += data.length; });
  request.on("end", () => {
    const { "content-length": length, "transfer-encoding": encoding } = request.headers;
    if (request.url === "/application") return response.end(bytes + " bytes, " + (length ?? encoding));
    report.asked.push(request.url);
    response.setHeader("content-type", "application/json");
    response.end("{}");
  });
});
server.on("connect", (request, socket) => {
  report.tunnels += 1;
  const onward = connect(Number(request.url.split(":").at(-1)), "127.0.0.1");
  for (const end of [socket, onward]) end.on("error", () => {});
  socket.write("HTTP/1.1 200 OK\\r\\n\\r\\n");
  socket.pipe(onward).pipe(socket);
});
server.listen(0, "127.0.0.1", () => {
  address = "http://127.0.0.1:" + server.address().port;
  process.env.LANGSMITH_ENDPOINT = address;
  process.env.LANGSMITH_API_KEY = "any";
  main().catch((error) => { console.error(error); process.exit(1); });
});
`;
}

/** What `register` is asked for: OpenTelemetry's provider, and where LangSmith's package looks for the run above. */
const REGISTERED = ["Symbol(opentelemetry.js.api.1)", "Symbol(ls:tracing_async_local_storage)"];

/** Properties of `globalThis` that are neither ours nor what `register` is asked for. */
export function foreignIn(report: Report): string[] {
  const isExpected = (key: string, where: string) =>
    key.startsWith("Symbol(otel-langsmith") || (where === "/register" && REGISTERED.includes(key));
  return Object.entries(report.changed).flatMap(([where, keys]) =>
    keys.filter((key) => !isExpected(key, where)).map((key) => `${where || "the root"}: ${key}`),
  );
}

/** What the application's requests come to when nothing is in their way. */
export function answersExpected(state: State): Report["answers"] {
  return {
    "content-length": "3 bytes, 3",
    stream: "6 bytes, chunked",
    ...(state === "a dispatcher of its own" && { dispatcher: "3 bytes, 3" }),
  };
}
