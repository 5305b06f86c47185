// The viewer: a list of traces, and one trace as a tree. Everything a run holds is set as text, never as markup.
const main = document.querySelector("#main");
const problem = document.querySelector("#problem");
const projectSelect = document.querySelector("#project");
const filterInput = document.querySelector("#filter");
const TYPES = ["chain", "llm", "tool", "retriever", "embedding", "prompt", "parser"];
const LIST_MILLIS = 3000;
const PENDING_MILLIS = 1000;

/** The state of the page shown now; a new one makes the old one's answers and timers void. */
let current = { timer: 0 };

/** An element with attributes and children; strings become text. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

async function ask(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? response.statusText);
  return answer;
}

const seconds = (micros) => {
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1e6) return `${(micros / 1000).toFixed(micros < 1e4 ? 1 : 0)} ms`;
  if (micros < 6e7) return `${(micros / 1e6).toFixed(2)} s`;
  return `${Math.floor(micros / 6e7)} min ${Math.round((micros % 6e7) / 1e6)} s`;
};
const took = (run) => (run.end === null ? "…" : seconds(Math.max(run.end - run.start, 0)));
const clock = (micros) => {
  const date = new Date(micros / 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleTimeString(undefined, { hour12: false });
  return isToday ? time : `${date.toLocaleDateString()} ${time}`;
};
const tokens = (count) => (count ? Number(count).toLocaleString() : "");
const money = (cost) => (cost ? `$${Number(cost).toPrecision(3)}` : "");
const kind = (type) => (TYPES.includes(type) ? type : "chain");
const status = (value) => el("span", { class: `status ${value}` }, value);

function showProblem(error) {
  problem.hidden = !error;
  problem.textContent = error ? error.message : "";
}

/** Words become a search; what looks like a function is a filter. */
function filterOf(text) {
  const trimmed = text.trim();
  if (trimmed === "" || /^[a-z]+\s*\(/i.test(trimmed)) return trimmed;
  return `search(${JSON.stringify(trimmed)})`;
}

// ---- The list

async function showList(state) {
  document.title = "Traces";
  main.className = "";
  const params = new URLSearchParams(location.search);
  filterInput.value = params.get("filter") ?? "";
  await fillProjects(params.get("project") ?? "");
  const query = new URLSearchParams();
  if (params.get("project")) query.set("project", params.get("project"));
  if (params.get("filter")) query.set("filter", filterOf(params.get("filter")));
  let older = [];
  let oldest;
  let shown;
  const load = async () => {
    try {
      const page = await ask(`/page/api/traces?${query}`);
      if (state !== current) return;
      showProblem(null);
      // Drawn again only when something is new: a click or a selection of text is not to be lost.
      const text = JSON.stringify(page);
      if (text !== shown) {
        shown = text;
        draw(page);
      }
    } catch (error) {
      if (state === current) showProblem(error);
    }
    if (state === current) state.timer = setTimeout(load, LIST_MILLIS);
  };
  const draw = (page) => {
    const known = new Set(page.traces.map((trace) => trace.trace_id));
    const traces = [...page.traces, ...older.filter((trace) => !known.has(trace.trace_id))];
    const next = oldest === undefined ? page.next : oldest;
    const more = async () => {
      const answer = await ask(`/page/api/traces?${new URLSearchParams([...query, ["cursor", next]])}`);
      older = [...older, ...answer.traces];
      oldest = answer.next;
      if (state === current) draw(page);
    };
    main.replaceChildren(traces.length === 0 ? emptyList(query.size > 0) : listOf(traces));
    if (next) main.append(el("button", { class: "more", type: "button", onclick: more }, "Older traces"));
  };
  await load();
}

function emptyList(isFiltered) {
  if (isFiltered) return el("p", { class: "empty" }, "No trace matches.");
  return el(
    "p",
    { class: "empty" },
    "No trace yet. Send runs here with ",
    el("code", {}, `LANGSMITH_ENDPOINT=${location.origin}`),
    ".",
  );
}

function listOf(traces) {
  const head = ["Status", "Name", "Input", "Project", "Start", "Latency", "Tokens", "Cost", "Runs"];
  const isNumber = (title) => ["Latency", "Tokens", "Cost", "Runs"].includes(title);
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...head.map((title) => el("th", isNumber(title) ? { class: "num" } : {}, title)))),
    el("tbody", {}, ...traces.map(listRow)),
  );
}

function listRow(trace) {
  const href = `/traces/${trace.trace_id}`;
  const open = (event) => {
    if (!event.target.closest("a")) go(href);
  };
  return el(
    "tr",
    { onclick: open },
    el("td", {}, status(trace.status)),
    el("td", {}, el("a", { class: "name", href, "data-nav": "" }, trace.name)),
    el("td", { class: trace.error ? "wide bad" : "wide" }, trace.error ?? trace.input ?? ""),
    el("td", {}, trace.project),
    el("td", {}, clock(trace.start)),
    el("td", { class: "num" }, took(trace)),
    el("td", { class: "num" }, tokens(trace.total_tokens)),
    el("td", { class: "num" }, money(trace.total_cost)),
    el("td", { class: "num" }, String(trace.runs)),
  );
}

async function fillProjects(selected) {
  const projects = await ask("/page/api/projects").catch(() => []);
  projectSelect.replaceChildren(
    el("option", { value: "" }, "All projects"),
    ...projects.map((project) => el("option", { value: project.id }, project.name)),
  );
  projectSelect.value = selected;
}

// ---- One trace

async function showTrace(state, id) {
  main.className = "split";
  const tree = el("div", { class: "tree", role: "tree", "aria-label": "Runs" });
  const detail = el("section", { class: "detail" });
  main.replaceChildren(tree, detail);
  state.selected = new URLSearchParams(location.search).get("run");
  if (projectSelect.options.length === 0) void fillProjects("");
  let shown;
  const load = async () => {
    let isPending = false;
    try {
      const trace = await ask(`/page/api/traces/${encodeURIComponent(id)}`);
      if (state !== current) return;
      showProblem(null);
      const text = JSON.stringify(trace);
      isPending = trace.runs.some((run) => run.status === "pending");
      if (text !== shown) {
        shown = text;
        drawTree(state, tree, detail, trace);
      }
    } catch (error) {
      if (state === current) showProblem(error);
      isPending = true;
    }
    if (state === current && isPending) state.timer = setTimeout(load, PENDING_MILLIS);
  };
  await load();
}

/** The runs in the order of the tree, each with its depth; a run whose parent has not come stands at the top. */
function ordered(runs) {
  const known = new Set(runs.map((run) => run.id));
  const children = new Map();
  for (const run of runs) {
    const parent = known.has(run.parent) ? run.parent : null;
    if (!children.has(parent)) children.set(parent, []);
    children.get(parent).push(run);
  }
  const out = [];
  const stack = (children.get(null) ?? []).map((run) => [run, 0]).reverse();
  while (stack.length > 0) {
    const [run, depth] = stack.pop();
    out.push([run, depth]);
    for (const child of (children.get(run.id) ?? []).toReversed()) stack.push([child, depth + 1]);
  }
  return out;
}

function drawTree(state, tree, detail, trace) {
  const rows = ordered(trace.runs);
  const [root] = rows[0] ?? [];
  if (!root) return;
  document.title = `${root.name} · Traces`;
  const from = Math.min(...trace.runs.map((run) => run.start));
  const until = Math.max(from + 1, ...trace.runs.map((run) => run.end ?? run.start));
  const facts = [
    clock(root.start),
    took(root),
    root.total_tokens ? `${tokens(root.total_tokens)} tokens` : "",
    money(root.total_cost),
    `${trace.runs.length} runs`,
    trace.project,
  ];
  const head = el(
    "div",
    { class: "trace-head" },
    el("h1", {}, root.name),
    el("div", { class: "facts" }, status(root.status), ...facts.filter(Boolean).map((fact) => el("span", {}, fact))),
  );
  const elements = rows.map(([run, depth]) => treeRow(run, depth, from, until));
  const select = (element, isUsers) => {
    for (const other of tree.querySelectorAll('[aria-selected="true"]')) other.setAttribute("aria-selected", "false");
    element.setAttribute("aria-selected", "true");
    state.selected = element.dataset.id;
    if (isUsers) history.replaceState(null, "", `/traces/${trace.trace_id}?run=${state.selected}`);
    void showRun(state, detail, state.selected);
  };
  tree.onclick = (event) => {
    const row = event.target.closest(".row");
    if (row) select(row, true);
  };
  tree.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = step && elements[elements.indexOf(document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
    select(next, true);
  };
  const hadFocus = document.activeElement?.dataset?.id;
  const { scrollTop } = tree;
  tree.replaceChildren(head, ...elements);
  tree.scrollTop = scrollTop;
  const chosen = elements.find((element) => element.dataset.id === state.selected) ?? elements[0];
  select(chosen, false);
  if (hadFocus) elements.find((element) => element.dataset.id === hadFocus)?.focus();
}

function treeRow(run, depth, from, until) {
  const label = el(
    "span",
    { class: "label" },
    el("span", { class: `kind ${kind(run.run_type)}` }, run.run_type),
    el("span", { class: "text" }, run.name),
  );
  label.style.paddingLeft = `${Math.min(depth, 24) * 16}px`;
  const bar = el("span", { class: "bar" });
  bar.style.left = `${((run.start - from) / (until - from)) * 100}%`;
  bar.style.width = `${(((run.end ?? until) - run.start) / (until - from)) * 100}%`;
  return el(
    "button",
    {
      class: `row ${run.status}`,
      type: "button",
      role: "treeitem",
      "aria-level": depth + 1,
      "data-id": run.id,
      title: run.name,
    },
    label,
    el(
      "span",
      { class: "took" },
      [took(run), run.total_tokens ? `${tokens(run.total_tokens)} tok` : ""].filter(Boolean).join(" · "),
    ),
    el("span", { class: `lane ${kind(run.run_type)}` }, bar),
  );
}

// ---- One run

async function showRun(state, detail, id) {
  let run;
  try {
    run = await ask(`/page/api/runs/${encodeURIComponent(id)}`);
  } catch (error) {
    if (state === current) showProblem(error);
    return;
  }
  if (state !== current || state.selected !== id) return;
  const metadata = run.extra?.metadata ?? {};
  const invocation = run.extra?.invocation_params;
  const latency = run.end_time
    ? seconds(Math.max(Date.parse(run.end_time) - Date.parse(run.start_time), 0) * 1000)
    : "running";
  const facts = [
    run.run_type,
    latency,
    run.total_tokens ? `${tokens(run.prompt_tokens)} in, ${tokens(run.completion_tokens)} out` : "",
    money(run.total_cost),
  ];
  detail.replaceChildren(
    ...[
      el("h2", {}, run.name),
      el("div", { class: "facts" }, status(run.status), ...facts.filter(Boolean).map((fact) => el("span", {}, fact))),
      run.tags?.length
        ? el("div", { class: "tags" }, ...run.tags.map((tag) => el("span", { class: "tag" }, tag)))
        : null,
      ...section("Error", run.error ? [el("pre", { class: "bad" }, run.error)] : []),
      ...section("Input", contentOf(run.inputs)),
      ...section("Output", contentOf(run.outputs)),
      ...section("Feedback", feedbackOf(run.feedback_stats)),
      ...section("Attachments", attachmentsOf(run.s3_urls)),
      ...section("Parameters", invocation && Object.keys(invocation).length > 0 ? [json(invocation)] : []),
      ...section("Metadata", pairsOf(metadata)),
      ...section(
        "Run",
        pairsOf({
          id: run.id,
          start: run.start_time,
          end: run.end_time ?? "",
          "first token": run.first_token_time ?? undefined,
          parent: run.parent_run_id ?? "",
          project: run.session_id,
        }),
      ),
    ].filter(Boolean),
  );
}

function section(title, content) {
  return content.length === 0 ? [] : [el("h3", {}, title), ...content];
}

function pairsOf(pairs) {
  const entries = Object.entries(pairs).filter(([, value]) => value !== undefined && value !== "");
  if (entries.length === 0) return [];
  const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  return [el("dl", {}, ...entries.flatMap(([key, value]) => [el("dt", {}, key), el("dd", {}, text(value))]))];
}

function feedbackOf(stats) {
  const say = (stat) =>
    [
      stat.avg === null ? "" : `${Number(stat.avg.toFixed(3))}`,
      stat.n > 1 ? `(${stat.n})` : "",
      ...Object.keys(stat.values),
      ...stat.comments,
    ]
      .filter(Boolean)
      .join(" ");
  return stats ? pairsOf(Object.fromEntries(Object.entries(stats).map(([key, stat]) => [key, say(stat)]))) : [];
}

function attachmentsOf(urls) {
  return Object.entries(urls ?? {}).map(([name, { presigned_url }]) =>
    el("p", {}, el("a", { href: presigned_url, download: "", class: "key" }, name.replace(/^attachment\./, ""))),
  );
}

/** Messages as messages, everything else as JSON. */
function contentOf(value) {
  if (value === null || value === undefined || Object.keys(value).length === 0) return [];
  const { messages, rest } = messagesOf(value);
  return [...messages.map(messageOf), ...(Object.keys(rest).length > 0 ? [json(rest)] : [])];
}

function messagesOf(value) {
  const { messages, message, choices, ...rest } = value;
  if (Array.isArray(messages) && messages.every(isMessage))
    return { messages, rest: { ...rest, ...(message && { message }), ...(choices && { choices }) } };
  if (isMessage(message)) return { messages: [message], rest: { ...rest, ...(choices && { choices }) } };
  const chosen = Array.isArray(choices) ? choices.map((choice) => choice?.message) : [];
  if (chosen.length > 0 && chosen.every(isMessage)) return { messages: chosen, rest };
  return isMessage(value) ? { messages: [value], rest: {} } : { messages: [], rest: value };
}

function isMessage(value) {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof value.role === "string" &&
    ("content" in value || "tool_calls" in value)
  );
}

function messageOf(message) {
  const parts = Array.isArray(message.content) ? message.content : [message.content ?? ""];
  const text = (part) =>
    typeof part === "string" ? part : typeof part?.text === "string" ? part.text : JSON.stringify(part, null, 2);
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  return el(
    "div",
    { class: "message" },
    el(
      "span",
      { class: "role" },
      [message.role, message.name, message.tool_call_id].filter((item) => typeof item === "string").join(" · "),
    ),
    ...parts.filter((part) => part !== "").map((part) => el("pre", {}, text(part))),
    ...calls.map((call) =>
      el(
        "pre",
        { class: "call" },
        `${call?.function?.name ?? call?.name ?? "call"}(${call?.function?.arguments ?? JSON.stringify(call?.args ?? {})})`,
      ),
    ),
  );
}

/** JSON with its keys, strings and numbers told apart. */
function json(value) {
  const pre = el("pre", {});
  const text = JSON.stringify(value, null, 2);
  if (text.length > 200_000) {
    pre.textContent = text;
    return pre;
  }
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/g;
  let at = 0;
  for (const match of text.matchAll(token)) {
    pre.append(text.slice(at, match.index));
    const name = match[1] ? (match[2] ? "key" : "string") : /^[-\d]/.test(match[0]) ? "number" : "other";
    pre.append(el("span", { class: name }, match[1] ?? match[0]), match[2] ?? "");
    at = match.index + match[0].length;
  }
  pre.append(text.slice(at));
  return pre;
}

// ---- Getting about

function go(href) {
  history.pushState(null, "", href);
  void route();
}

async function route() {
  clearTimeout(current.timer);
  current = { timer: 0 };
  showProblem(null);
  const [, trace] = /^\/traces\/([^/]+)$/.exec(location.pathname) ?? [];
  const run = new URLSearchParams(location.search).get("run");
  if (trace) return showTrace(current, decodeURIComponent(trace));
  if (run) {
    const found = await ask(`/page/api/runs/${encodeURIComponent(run)}`).catch(() => undefined);
    if (found) {
      history.replaceState(null, "", `/traces/${found.trace_id}?run=${run}`);
      return showTrace(current, found.trace_id);
    }
  }
  return showList(current);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-nav]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
addEventListener("popstate", () => void route());

function search(event) {
  event.preventDefault();
  const params = new URLSearchParams();
  if (projectSelect.value) params.set("project", projectSelect.value);
  if (filterInput.value.trim()) params.set("filter", filterInput.value.trim());
  go(params.size > 0 ? `/?${params}` : "/");
}
document.querySelector("#search").addEventListener("submit", search);
projectSelect.addEventListener("change", search);
filterInput.addEventListener("search", search);

void route();
