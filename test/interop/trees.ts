// Reads runs back from a server and draws them.
export interface ReadRun {
  readonly id: string;
  readonly name: string;
  readonly trace_id: string;
  readonly parent_run_id?: string | null;
  readonly dotted_order: string;
  readonly end_time?: string | null;
  readonly session_id: string;
  readonly outputs?: Record<string, unknown> | null;
  readonly error?: string | null;
  readonly extra?: { readonly metadata?: Record<string, unknown> };
}

async function ask(address: string, body?: object): Promise<unknown> {
  const answer = await fetch(address, {
    method: body ? "POST" : "GET",
    headers: { "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Every run of a project, in the order of their dotted orders. */
export async function readRuns(url: string, project: string): Promise<ReadRun[]> {
  const sessions = (await ask(`${url}/sessions?name=${encodeURIComponent(project)}`)) as { id: string }[];
  const [session] = sessions;
  if (!session) return [];
  const page = (await ask(`${url}/runs/query`, { session: [session.id], limit: 100 })) as { runs: ReadRun[] };
  return page.runs.sort((a, b) => (a.dotted_order < b.dotted_order ? -1 : 1));
}

/** `name(child, child)` for every root. */
export function draw(runs: readonly ReadRun[]): string[] {
  const below = (id: string | undefined): string[] =>
    runs
      .filter((run) => (run.parent_run_id ?? undefined) === id)
      .map((run) => {
        const children = below(run.id);
        return children.length > 0 ? `${run.name}(${children.join(", ")})` : run.name;
      });
  return below(undefined);
}

export async function readTrees(url: string, project: string): Promise<string[]> {
  return draw(await readRuns(url, project));
}
