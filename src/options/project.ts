// The project that the environment names: one answer, for runs, for headers and for whoever asks.
import { LangSmithOptionError } from "../errors.js";
import { addressOf, isAgentEnvironment, isAgentId } from "../wire/agent-address.js";
import { type Environment, langsmithVariable, variableOf } from "./environment.js";

/** The project of runs that name none, where nobody names one. */
export const DEFAULT_PROJECT = "default";

/**
 * The project that the environment names, or the agent's address in a project's stead; undefined where it names none.
 *
 * @throws LangSmithOptionError for an agent that is only half named, or beside a project
 */
export function projectFrom(env: Environment): string | undefined {
  const project = langsmithVariable(env, "PROJECT") ?? langsmithVariable(env, "SESSION");
  const [id, environment] = [variableOf(env, "LANGSMITH_AGENT_ID"), variableOf(env, "LANGSMITH_AGENT_ENVIRONMENT")];
  if (id === undefined && environment === undefined) return project;
  if (!isAgentId(id)) {
    const label =
      "1 to 63 small letters, digits or hyphens, beginning with a letter, beside LANGSMITH_AGENT_ENVIRONMENT";
    throw new LangSmithOptionError("LANGSMITH_AGENT_ID", label, id);
  }
  if (!isAgentEnvironment(environment)) {
    const names = "local, development, staging or production, beside LANGSMITH_AGENT_ID";
    throw new LangSmithOptionError("LANGSMITH_AGENT_ENVIRONMENT", names, environment);
  }
  if (project !== undefined) {
    throw new LangSmithOptionError("LANGSMITH_AGENT_ID", "unset where LANGSMITH_PROJECT names a project", id);
  }
  return addressOf(id, environment);
}

/** The project of runs where no bridge runs that has one. Never throws: what is wrong is said where a bridge starts. */
export function projectWithoutBridge(env: Environment = process.env): string {
  try {
    return projectFrom(env) ?? DEFAULT_PROJECT;
  } catch {
    return DEFAULT_PROJECT;
  }
}
