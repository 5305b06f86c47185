// All routes under their two prefixes, and the one place where what went wrong becomes an answer.
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { Refusal } from "../errors.js";
import { type Db, sqliteCode } from "../storage/database.js";
import { timeLimited } from "../storage/time-limit.js";
import { CAN_DECODE_ZSTD } from "./body.js";
import { refuseElsewhere } from "./elsewhere.js";
import { feedbackRoutes } from "./feedback.js";
import { feedbackTokenRoutes } from "./feedback-tokens.js";
import { guard } from "./guard.js";
import { type IngestLimits, ingestRoutes } from "./ingest.js";
import { pageRoutes } from "./page.js";
import { projectRoutes } from "./projects.js";
import { readRoutes } from "./reading.js";
import { v2Routes } from "./v2.js";
import { resolutionRoutes, v2ProjectRoutes } from "./v2-projects.js";

/** What the routes stand on. */
export interface AppOptions {
  readonly db: Db;
  readonly limits: IngestLimits;
  /** How long what one request asks may take, in milliseconds. */
  readonly maxQueryMillis: number;
  readonly allowedHosts: readonly string[];
  readonly version: string;
  /** Called after each request that stored something. */
  readonly onStored: () => void;
  /** Called with what nobody foresaw. */
  readonly onError: (error: unknown) => void;
}

// The version of the service whose interface this is: clients ask it before they use the newer calls.
const INTERFACE_VERSION = "0.18.0";

export function createApp(options: AppOptions): Hono<{ Bindings: HttpBindings }> {
  const { db, limits } = options;
  const reading = (): Db => timeLimited(db, options.maxQueryMillis);
  // A slash at the end of a path changes nothing: some clients join their paths so.
  const app = new Hono<{ Bindings: HttpBindings }>({ strict: false });
  app.use(guard(options.allowedHosts));
  app.use(refuseElsewhere);

  const v1 = new Hono<{ Bindings: HttpBindings }>();
  v1.get("/info", (c) => c.json(infoOf(limits, options.version)));
  v1.get("/ok", (c) => c.json({ ok: true }));
  v1.route("/", ingestRoutes(db, limits, options.onStored));
  v1.route("/", readRoutes(reading));
  v1.route("/", resolutionRoutes(db));
  v1.route("/", projectRoutes(db, reading));
  v1.route("/", feedbackTokenRoutes(db));
  v1.route("/", feedbackRoutes(db, limits.maxBytes));
  app.route("/api/v1", v1);
  // Some clients put `/v1` or `/api` behind the address they were given; the service takes these, so does this.
  app.route("/v1", v1);
  const v2 = v2Routes(reading);
  v2.route("/", v2ProjectRoutes(reading));
  app.route("/api/v2", v2);
  app.route("/v2", v2);
  app.route("/", pageRoutes(reading));
  app.route("/", v1);

  app.notFound((c) => {
    const { method, path } = c.req;
    const allowed = METHODS.filter((other) => hasRoute(app, other, path));
    if (allowed.length === 0) return answer(c, 404, `There is no ${method} ${path} here.`);
    c.header("Allow", allowed.join(", "));
    return answer(c, 405, `There is no ${method} of ${path}; there is ${allowed.join(", ")}.`);
  });
  app.onError((error, c) => {
    if (error instanceof Refusal) return answer(c, error.status, error.message);
    // JSON is parsed at any depth, and walked only as deep as the stack.
    if (error instanceof RangeError && /call stack/.test(error.message)) {
      return answer(c, 400, "the request is nested too deep");
    }
    options.onError(error);
    return answer(c, 500, explained(error));
  });
  return app;
}

const METHODS = ["GET", "POST", "PATCH", "DELETE"];

/** Whether anything but what every request passes answers such a request. */
function hasRoute(app: Hono<{ Bindings: HttpBindings }>, method: string, path: string): boolean {
  const [handlers] = app.router.match(method, path);
  return handlers.some(([[, route]]) => route.method === method);
}

function explained(error: Error): string {
  const code = sqliteCode(error) ?? "";
  if (/CORRUPT|NOTADB/.test(code) || /malformed/.test(error.message)) {
    return `LSB_ERR_LOCAL_DATA_DAMAGED: the data file is damaged (${error.message}). Stop the server and move it away.`;
  }
  if (/FULL/.test(code)) return "LSB_ERR_LOCAL_DATA_UNUSABLE: the disk is full; nothing of the request was stored.";
  return `The local server failed: ${error.message}`;
}

/** The service's three forms of saying no: ingestion's `error`, the query interface's `detail`, v2's problem details. */
function answer(c: Context, status: Refusal["status"], message: string): Response {
  // A body that was refused unread must not be taken for the connection's next request.
  if (status === 413) c.header("Connection", "close");
  if (/^\/(api\/)?v2\//.test(c.req.path)) {
    const problem = { type: "about:blank", title: TITLES[status], status, detail: message, instance: c.req.path };
    return c.json(problem, status, { "Content-Type": "application/problem+json" });
  }
  return c.json({ detail: message, error: message }, status);
}

const TITLES: Record<Refusal["status"], string> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  500: "Internal Server Error",
  501: "Not Implemented",
};

/** Source: `InfoGetResponse` in the OpenAPI description. */
function infoOf(limits: IngestLimits, version: string): Record<string, unknown> {
  return {
    version: INTERFACE_VERSION,
    git_sha: null,
    license_expiration_time: null,
    batch_ingest_config: {
      use_multipart_endpoint: true,
      scale_up_qsize_trigger: 1000,
      scale_up_nthreads_limit: 16,
      scale_down_nempty_trigger: 4,
      size_limit: limits.maxOperations,
      size_limit_bytes: limits.maxBytes,
    },
    instance_flags: {
      gzip_body_enabled: true,
      zstd_compression_enabled: CAN_DECODE_ZSTD,
      otel_langsmith_local: version,
    },
    customer_info: null,
  };
}
