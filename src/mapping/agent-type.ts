// What a run is to its trace's agent, as LangSmith's trajectory view reads it.

/** What `metadata.ls_agent_type` may be. */
export type AgentType = "root" | "subagent" | "middleware" | "compaction";

/** `createAgent` of LangChain names the nodes of its middleware so. */
const ofMiddleware = /^([\w-]{1,200})\.(?:before|after)_(?:agent|model)$/;

/** The type that a run's name shows: a middleware's node; one that summarizes what was said compacts the context. */
export function agentTypeOfName(name: string): AgentType | undefined {
  const [, middleware] = ofMiddleware.exec(name) ?? [];
  if (middleware === undefined) return undefined;
  return /summari[sz]ation|compact/i.test(middleware) ? "compaction" : "middleware";
}
