// Who may import whom: rooms.json as rules of dependency-cruiser. `npm run lint` holds them, `npm run picture` draws them.
import { readFileSync } from "node:fs";

/**
 * A row a room: a folder of src (`wire/`) or a file (`errors.ts`), and the rooms that it may import.
 *
 * @type {Record<string, string[]>}
 */
const matrix = JSON.parse(readFileSync(new URL("./rooms.json", import.meta.url), "utf8"));

/**
 * What every file of a room matches.
 *
 * @param {string} room
 */
function pathOf(room) {
  const path = `^src/${room.replaceAll(".", "\\.")}`;
  return room.endsWith("/") ? path : `${path}$`;
}

const ERROR = /** @type {const} */ ("error");
const rooms = Object.keys(matrix).map(pathOf);

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no-loop", severity: ERROR, from: {}, to: { circular: true } },
    ...Object.entries(matrix).map(([room, mayImport]) => ({
      name: `from-${room}`,
      severity: ERROR,
      comment: `What src/${room} may import stands in rooms.json.`,
      from: { path: pathOf(room) },
      to: { path: "^(src|local|test)/", pathNot: [room, ...mayImport].map(pathOf) },
    })),
    {
      name: "no-room",
      severity: ERROR,
      comment: "A file of src that is in no room; add a row to rooms.json.",
      from: { path: "^src/", pathNot: rooms },
      to: {},
    },
    { name: "into-no-room", severity: ERROR, from: {}, to: { path: "^src/", pathNot: [...rooms, "\\.d\\.ts$"] } },
  ],
  options: {
    // A type that is imported couples two files as much as a value.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    includeOnly: "^(src|local|test)/",
    doNotFollow: { path: "^(local|test)/" },
    reporterOptions: { dot: { collapsePattern: "^src/[^/]+" } },
  },
};
