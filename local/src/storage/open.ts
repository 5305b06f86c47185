// Opens the data directory: finds out whose file it is, whether it is whole, and whether another server has it.
import { chmodSync, closeSync, mkdirSync, openSync, readSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { LocalServerError } from "../errors.js";
import { type Db, openDb, sqliteCode } from "./database.js";
import { APPLICATION_ID, migrate } from "./migrations.js";

const DATABASE_FILE = "runs.db";
const LOCK_FILE = "server.lock";
// A check of the whole file takes about a second for so much; larger ones are checked as they are read.
const CHECKED_BYTES = 256 * 1024 * 1024;

export interface DataDirectory {
  readonly db: Db;
  /** Checkpoints and closes; lets the next server in. */
  close(): void;
}

/**
 * Opens (and creates) `runs.db` in the directory, or a database in memory for `:memory:`.
 * @throws LocalServerError when the file is foreign, damaged, newer, in use or cannot be created.
 */
export function openDataDirectory(directory: string, access: "serve" | "read"): DataDirectory {
  if (directory === ":memory:") return prepared(openDb(":memory:"), undefined);
  const root = resolve(directory);
  const path = join(root, DATABASE_FILE);
  if (access === "read" && !statOf(path)) {
    throw new LocalServerError(
      "LSB_ERR_LOCAL_DATA_UNUSABLE",
      `There is no ${path}. Start the server once with --data ${directory}, or name its directory with --data.`,
    );
  }
  try {
    makeDirectory(root);
  } catch (cause) {
    throw new LocalServerError("LSB_ERR_LOCAL_DATA_UNUSABLE", `${root} cannot be created. Choose another --data.`, {
      cause,
    });
  }
  refuseForeign(path);
  const lock = access === "serve" ? takeLock(root) : undefined;
  if (access === "serve") makeForOwner(path);
  try {
    const data = prepared(openDb(path), lock);
    if (access === "serve") keepToOwner(path);
    return data;
  } catch (cause) {
    lock?.close();
    throw explained(path, cause);
  }
}

// What runs hold is its owner's, and none of a repository's that the directory stands in.
function makeDirectory(root: string): void {
  const isNew = mkdirSync(root, { recursive: true, mode: 0o700 }) !== undefined;
  if (isNew) writeFileSync(join(root, ".gitignore"), "*\n");
}

/** Makes the file where it is missing, for its owner alone; SQLite gives its neighbours the same mode. */
function makeForOwner(path: string): void {
  try {
    closeSync(openSync(path, "a", 0o600));
  } catch {
    // Whether it can be used, opening it tells.
  }
}

/** The same for a file of ours that was made before. */
function keepToOwner(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      if (statOf(file)) chmodSync(file, 0o600);
    } catch {
      // Another user's file, or a file system without modes.
    }
  }
}

function prepared(db: Db, lock: Db | undefined): DataDirectory {
  try {
    const size = statOf(db.path)?.size ?? 0;
    refuseOthersDatabase(db);
    if (size > 0) checkWhole(db, size);
    else db.exec("PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL");
    // WAL lets `runs` on the command line read while the server writes. NORMAL: a commit is in the operating system's
    // hands before 202, which survives the process; only a loss of power can take the last moments.
    db.pragma("journal_mode = WAL");
    db.exec("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -131072; PRAGMA mmap_size = 1073741824");
    // Up to 64 MiB of log: under load a page that changes often is then copied into the file once, not each time.
    db.exec("PRAGMA wal_autocheckpoint = 8192");
    migrate(db);
  } catch (error) {
    db.close();
    throw error;
  }
  return {
    db,
    close() {
      if (db.path !== ":memory:") db.pragma("wal_checkpoint(TRUNCATE)");
      db.close();
      lock?.close();
    },
  };
}

function statOf(path: string): { size: number } | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

const MAGIC = "SQLite format 3\0";

// Before SQLite touches it: a file that is not a database at all stays as it is.
function refuseForeign(path: string): void {
  const size = statOf(path)?.size ?? 0;
  if (size === 0) return;
  const header = Buffer.alloc(MAGIC.length);
  const file = openSync(path, "r");
  readSync(file, header, 0, header.length, 0);
  closeSync(file);
  if (header.toString("latin1") !== MAGIC) throw foreign(path, "not a database");
}

// Asked of SQLite and not of the header: after a kill the header's news may still stand in the write-ahead log.
function refuseOthersDatabase(db: Db): void {
  if (Number(db.pragma("application_id")) === APPLICATION_ID) return;
  const tables = Number(db.query("SELECT count(*) AS n FROM sqlite_master").get()?.["n"]);
  if (tables > 0) throw foreign(db.path, "another program's database");
}

function foreign(path: string, what: string): LocalServerError {
  return new LocalServerError(
    "LSB_ERR_LOCAL_DATA_FOREIGN",
    `${path} is ${what}; it was left as it is. Move it away, or choose another directory with --data.`,
  );
}

function checkWhole(db: Db, size: number): void {
  if (size > CHECKED_BYTES) {
    db.pragma("schema_version");
    return;
  }
  const found = db.pragma("quick_check(1)");
  if (found !== "ok") throw damaged(db.path, String(found));
}

// The lock is an open transaction on a file of its own: the operating system takes it back however the process ends.
function takeLock(root: string): Db {
  const path = join(root, LOCK_FILE);
  makeForOwner(path);
  const lock = openDb(path, 0);
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock.close();
    throw new LocalServerError(
      "LSB_ERR_LOCAL_DATA_IN_USE",
      `Another local server has ${root} open. Stop it, or choose another directory with --data.`,
      { cause },
    );
  }
}

function damaged(path: string, detail: string, cause?: unknown): LocalServerError {
  return new LocalServerError(
    "LSB_ERR_LOCAL_DATA_DAMAGED",
    `${path} is damaged (${detail}). Move it away and start again, or recover what is left with sqlite3's .recover.`,
    { cause },
  );
}

function explained(path: string, error: unknown): unknown {
  if (error instanceof LocalServerError) return error;
  const code = sqliteCode(error) ?? "";
  const message = error instanceof Error ? error.message : String(error);
  if (/CORRUPT|NOTADB/.test(code) || /malformed|not a database/.test(message)) return damaged(path, message, error);
  return new LocalServerError("LSB_ERR_LOCAL_DATA_UNUSABLE", `${path} cannot be opened: ${message}.`, { cause: error });
}
