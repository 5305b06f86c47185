// An agent's address, under which runs can stand instead of in a project. Inside the bridge it stands where a project's
// name does; on the wire it is the run's `address`, and `langsmith-address` in baggage. Source: langsmith's address.js.

/** What an address is made of. */
export interface AgentAddress {
  readonly kind: "AGENT";
  /** A DNS label: 1 to 63 of `a-z`, `0-9` and `-`, beginning with a letter. */
  readonly id: string;
  readonly environment: "LOCAL" | "DEVELOPMENT" | "STAGING" | "PRODUCTION";
}

const ID = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ENVIRONMENTS = ["local", "development", "staging", "production"] as const;
const ADDRESS = /^lrn:agents\/([^/]{1,63})\/environments\/([a-z]{1,11})$/;

export function isAgentId(id: unknown): id is string {
  return typeof id === "string" && ID.test(id);
}

export function isAgentEnvironment(environment: unknown): environment is string {
  return ENVIRONMENTS.some((one) => one === lower(environment));
}

/** `lrn:agents/<id>/environments/<environment>`, or undefined where the two make no address. */
export function addressOf(id: unknown, environment: unknown): string | undefined {
  if (!isAgentId(id) || !isAgentEnvironment(environment)) return undefined;
  return `lrn:agents/${id}/environments/${environment.toLowerCase()}`;
}

/** Whether a text is an agent's address, not a project's name. */
export function isAddress(text: unknown): text is string {
  const [, id, environment] = (typeof text === "string" && ADDRESS.exec(text)) || [];
  return isAgentId(id) && isAgentEnvironment(environment);
}

/** The parts of an address, as the langsmith package takes them. */
export function partsOf(address: string | undefined): AgentAddress | undefined {
  if (address === undefined || !isAddress(address)) return undefined;
  const [, id = "", environment = ""] = ADDRESS.exec(address) ?? [];
  const found = ENVIRONMENTS.find((one) => one === environment);
  return found && { kind: "AGENT", id, environment: found.toUpperCase() as AgentAddress["environment"] };
}

function lower(value: unknown): string | undefined {
  return typeof value === "string" ? value.toLowerCase() : undefined;
}
