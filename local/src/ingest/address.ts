// Addresses: the newer way to say where a run goes, an agent and its environment instead of a project's name.

const LRN = /^lrn:agents\/([^/]{1,63})\/environments\/([a-z]{1,20})$/i;

/** The name of the project that holds an agent's traces; undefined for what is no agent's address. */
export function agentProject(address: unknown): string | undefined {
  const [, id, environment] = (typeof address === "string" && LRN.exec(address)) || [];
  return id === undefined || environment === undefined ? undefined : projectName(id, environment);
}

/** The same of an address in its parts. */
export function projectName(agentId: string, environment: string): string {
  return `${agentId}/${environment.toLowerCase()}`;
}
