// What was given, held against the table: names, kinds and ranges, with an error that names what is wrong.
import { LangSmithOptionError } from "../errors.js";
import { withoutSlashesAtEnd } from "../wire/address.js";
import { unquoted } from "./environment.js";
import { ADDRESS, type Kind } from "./kinds.js";
import { checkNames } from "./names.js";
import { OPTIONS, REPLICA_OPTIONS, type Row } from "./table.js";

const ROWS: readonly (readonly [string, Row])[] = Object.entries(OPTIONS);
const REPLICA_ROWS: readonly (readonly [string, Row])[] = Object.entries(REPLICA_OPTIONS);

/** The options that stand in an object of their own, by the object's name: `held` has `maxTraces` and `maxBytes`. */
const GROUPS: ReadonlyMap<string, readonly (readonly [string, Row])[]> = groupsOf(ROWS);

/** The names of all options, those in objects by their object. */
export const OPTION_NAMES: readonly string[] = [...new Set(ROWS.map(([name]) => name.split(".")[0] ?? name))];

function groupsOf(rows: readonly (readonly [string, Row])[]): Map<string, (readonly [string, Row])[]> {
  const groups = new Map<string, (readonly [string, Row])[]>();
  for (const [name, row] of rows) {
    const [group = "", inner] = name.split(".");
    if (inner !== undefined) groups.set(group, [...(groups.get(group) ?? []), [inner, row]]);
  }
  return groups;
}

/**
 * Checks options by the table.
 *
 * @param more names of options that stand beside these, for whoever made them to read
 * @throws LangSmithOptionError for an option that makes no sense, by its name; for one that does not exist, by its name
 * and the nearest
 */
export function checkOptions(options: object, more: readonly string[]): void {
  checkNames(options, [...OPTION_NAMES, ...more]);
  for (const [name, row] of ROWS) if (!name.includes(".")) checkRow(name, options, name, row);
  for (const [group, rows] of GROUPS) checkGroup(group, Reflect.get(options, group), rows);
  const replicas: unknown = Reflect.get(options, "replicas");
  if (!Array.isArray(replicas)) return;
  for (const [at, replica] of replicas.entries()) checkGroup(`replicas[${at}]`, replica, REPLICA_ROWS, true);
}

/** The rows of one object of options, by their names within it. */
export function rowsIn(group: string, table: Readonly<Record<string, Row>>): (readonly [string, Row])[] {
  return groupsOf(Object.entries(table)).get(group) ?? [];
}

/** Checks an object of options. @throws LangSmithOptionError */
export function checkGroup(
  group: string,
  value: unknown,
  rows: readonly (readonly [string, Row])[],
  isWanted: boolean = value !== undefined,
): void {
  if (!isWanted) return;
  const required = rows.filter(([, row]) => row.isRequired).map(([name]) => name);
  const takes = required.length === 0 ? "an object" : `an object with ${required.join(" and ")}`;
  if (!isRecord(value)) throw new LangSmithOptionError(group, takes, value);
  const names = rows.map(([name]) => name);
  checkNames(value, names, group);
  for (const name of required) if (value[name] === undefined) throw new LangSmithOptionError(group, takes, value);
  for (const [name, row] of rows) checkRow(`${group}.${name}`, value, name, row);
}

function checkRow(option: string, within: object, name: string, { kind }: Row): void {
  const value: unknown = Reflect.get(within, name);
  const text = typeof value === "string" ? unquoted(value) : value;
  // A text may have quotes around it, or be empty, which is as good as left out.
  if (kind.isText && typeof value === "string" && (text === undefined || kind.accepts(text))) return;
  check(option, value, kind);
}

/** @throws LangSmithOptionError where a value is given that is not of that kind */
export function check<T>(option: string, value: unknown, kind: Kind<T>): void {
  if (value !== undefined && !kind.accepts(value)) throw new LangSmithOptionError(option, kind.takes, value);
}

/** A base address without its last slash. @throws LangSmithOptionError where it is none */
export function urlOf(option: string, value: string): string {
  check(option, value, ADDRESS);
  return withoutSlashesAtEnd(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
