// `POST /runs/stats`: counts, percentiles and sums over the runs of a query. Source: `RunStats` in the OpenAPI file.
import { Refusal } from "../errors.js";
import { addUsage, type Usage, usageFromColumn } from "../ingest/usage.js";
import { isObject, type JsonObject, numberOf, parseJson } from "../json.js";
import type { Db, Row } from "../storage/database.js";
import { summarizeFeedback } from "../storage/feedback.js";
import { LATENCY_MICROS } from "./fields.js";
import { timeOf } from "./run-fields.js";
import { conditionsOf, limitOf } from "./runs.js";
import type { Sql } from "./sql.js";
import { whereOf } from "./where.js";

export function runStats(db: Db, body: JsonObject): JsonObject {
  const conditions = conditionsOf(body);
  const where = whereOf(db, conditions);
  const of = conditions.isRoot ? "traces" : "runs";
  const groupBy = body["group_by"];
  if (groupBy == null) return selected(statsOf(db, where, of), body["select"]);
  if (!isObject(groupBy)) throw new Refusal(422, "group_by must be an object with attribute, and path for metadata");
  const groups = groupsOf(db, where, groupBy, body["groups"]);
  return Object.fromEntries(groups.map(([name, part]) => [name, selected(statsOf(db, part, of), body["select"])]));
}

const ALIASES: Record<string, readonly string[]> = {
  all_run_stats: ["run_count", "latency_p50", "latency_p99", "error_rate", "streaming_rate", "last_run_start_time"],
  all_token_stats: ["total_tokens", "prompt_tokens", "completion_tokens", "median_tokens", "tokens_p99"],
};

function selected(stats: JsonObject, select: unknown): JsonObject {
  if (select == null) return stats;
  if (!Array.isArray(select)) throw new Refusal(422, "select must be a list");
  const names = select.map(String).flatMap((name) => (Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? []) : [name]));
  return Object.fromEntries(
    names.map((name) => {
      if (!Object.hasOwn(stats, name)) throw new Refusal(422, `select: there is no statistic ${name}`);
      return [name, stats[name]];
    }),
  );
}

/**
 * Statistics of the runs that the condition on `runs r` chooses. Tokens and costs of `runs` are what each used itself,
 * since a parent's total holds its children's already; of `traces`, where only roots are chosen, they are the totals.
 */
export function statsOf(db: Db, where: Sql, of: "runs" | "traces" = "runs"): JsonObject {
  const sums = sumsOf(db, where);
  const latency = percentilesOf(sums["latencies"], 1e6);
  const first = percentilesOf(sums["firsts"], 1e6);
  const total = percentilesOf(sums["totals"]);
  const prompt = percentilesOf(sums["prompts"]);
  const completion = percentilesOf(sums["completions"]);
  const cost = percentilesOf(sums["costs"]);
  const used = usageOfAll(db, where, of);
  const runs = Number(sums["runs"] ?? 0);
  const feedback = feedbackOf(db, where);
  return {
    run_count: runs,
    latency_p50: latency(0.5),
    latency_p99: latency(0.99),
    latency_avg: numberOf(sums["latency_avg"]) ?? null,
    first_token_p50: first(0.5),
    first_token_p99: first(0.99),
    total_tokens: used.totalTokens,
    prompt_tokens: used.promptTokens,
    completion_tokens: used.completionTokens,
    median_tokens: rounded(total(0.5)),
    tokens_p99: rounded(total(0.99)),
    prompt_tokens_p50: rounded(prompt(0.5)),
    prompt_tokens_p99: rounded(prompt(0.99)),
    completion_tokens_p50: rounded(completion(0.5)),
    completion_tokens_p99: rounded(completion(0.99)),
    last_run_start_time: timeOf(sums["last"]),
    feedback_stats: feedback,
    thread_feedback_stats: {},
    session_feedback_stats: {},
    run_facets: facetsOf(db, where),
    error_rate: runs === 0 ? null : Number(sums["failed"]) / runs,
    streaming_rate: runs === 0 ? null : Number(sums["streamed"]) / runs,
    total_cost: used.totalCost ?? null,
    prompt_cost: used.promptCost ?? null,
    completion_cost: used.completionCost ?? null,
    cost_p50: cost(0.5),
    cost_p99: cost(0.99),
    prompt_token_details: used.promptTokenDetails ?? null,
    completion_token_details: used.completionTokenDetails ?? null,
    prompt_cost_details: used.promptCostDetails ?? null,
    completion_cost_details: used.completionCostDetails ?? null,
  };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

/** Percentiles between the nearest ranks, of the runs that have the value. */
export function percentileOf(sorted: ArrayLike<number>, share: number): number | null {
  const rank = (sorted.length - 1) * share;
  const low = sorted[Math.floor(rank)];
  const high = sorted[Math.ceil(rank)];
  return low === undefined || high === undefined ? null : low + (high - low) * (rank - Math.floor(rank));
}

// One statement for all of them, each list as one text: a row for each run costs more than all that is asked of it.
function sumsOf(db: Db, where: Sql): Row {
  const row = db
    .query(
      `SELECT count(*) AS runs, max(r.start_us) AS last, sum(r.has_error) AS failed,
         count(r.first_token_us) AS streamed, avg(${LATENCY_MICROS} / 1e6) AS latency_avg,
         json_group_array(${LATENCY_MICROS}) AS latencies, json_group_array(r.first_token_us - r.start_us) AS firsts,
         json_group_array(r.total_tokens) AS totals, json_group_array(r.prompt_tokens) AS prompts,
         json_group_array(r.completion_tokens) AS completions, json_group_array(r.total_cost) AS costs
       FROM runs r WHERE ${where.text}`,
    )
    .get(...where.values);
  return row ?? {};
}

/** Percentiles of a list in JSON, whose numbers count `unit`ths. */
function percentilesOf(list: unknown, unit = 1): (share: number) => number | null {
  const items = parseJson(list);
  const numbers = Array.isArray(items) ? items.filter((item) => typeof item === "number") : [];
  const sorted = Float64Array.from(numbers).sort();
  for (let index = 0; index < sorted.length; index++) sorted[index] = (sorted[index] ?? 0) / unit;
  return (share) => percentileOf(sorted, share);
}

function usageOfAll(db: Db, where: Sql, of: "runs" | "traces"): Usage {
  let used = addUsage(undefined, undefined);
  const text =
    of === "traces"
      ? `SELECT r.usage_details AS usage FROM runs r WHERE ${where.text} AND r.usage_details IS NOT NULL`
      : `SELECT c.own_usage AS usage FROM runs r JOIN contents c ON c.run = r.no
         WHERE ${where.text} AND r.usage_details IS NOT NULL AND c.own_usage IS NOT NULL`;
  for (const row of db.query(text).iterate(...where.values)) used = addUsage(used, usageFromColumn(row["usage"]));
  return used;
}

function feedbackOf(db: Db, where: Sql): JsonObject {
  const rows = db
    .query(
      // The feedback leads: there is less of it than of runs.
      `SELECT f.* FROM feedback f CROSS JOIN runs r ON r.id = f.run_id WHERE ${where.text} ORDER BY f.created_us`,
    )
    .all(...where.values);
  return { ...summarizeFeedback(rows) };
}

const MAX_FACETS = 10;

// What the runs have in common, as the service offers it for filtering: names, types, states.
function facetsOf(db: Db, where: Sql): JsonObject[] {
  const rows = db
    .query(`SELECT r.name, r.run_type, r.status, count(*) AS n FROM runs r WHERE ${where.text} GROUP BY 1, 2, 3`)
    .all(...where.values);
  return (["name", "run_type", "status"] as const).flatMap((field) => {
    const counts = new Map<string, number>();
    for (const row of rows) {
      const value = String(row[field]);
      counts.set(value, (counts.get(value) ?? 0) + Number(row["n"]));
    }
    return [...counts]
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, MAX_FACETS)
      .map(([value, n]) => ({ key: field, value, query: `eq(${field}, ${JSON.stringify(value)})`, n }));
  });
}

function groupsOf(db: Db, where: Sql, groupBy: JsonObject, groups: unknown): [string, Sql][] {
  const { attribute, path } = groupBy;
  const max = limitOf(groupBy["max_groups"], 5, 1000, "max_groups");
  const source = groupSource(attribute, path);
  const named = Array.isArray(groups) ? groups.filter((name) => typeof name === "string") : undefined;
  const names =
    named ??
    db
      .query(
        `SELECT ${source.value} AS value, count(*) AS n FROM runs r ${source.join} WHERE ${where.text}
           AND ${source.value} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT ?`,
      )
      .all(...source.values, ...where.values, max)
      .map((row: Row) => String(row["value"]));
  return names.map((name) => [
    name,
    {
      text: `${where.text} AND r.no IN (SELECT r.no FROM runs r ${source.join} WHERE CAST(${source.value} AS TEXT) = ?)`,
      values: [...where.values, ...source.values, name],
    },
  ]);
}

function groupSource(attribute: unknown, path: unknown): { value: string; join: string; values: string[] } {
  switch (attribute) {
    case "name":
    case "run_type":
      return { value: `r.${attribute}`, join: "", values: [] };
    case "tag":
      return { value: "g.value", join: "JOIN contents gc ON gc.run = r.no JOIN json_each(gc.tags) g", values: [] };
    case "metadata":
      if (typeof path !== "string") throw new Refusal(422, "group_by metadata needs a path, the metadata's key");
      return {
        value: "json_extract(g.value, '$[1]')",
        join: "JOIN contents gc ON gc.run = r.no JOIN json_each(gc.pairs, '$.m') g ON json_extract(g.value, '$[0]') = ?",
        values: [path],
      };
    default:
      throw new Refusal(422, "group_by: attribute must be one of name, run_type, tag, metadata");
  }
}
