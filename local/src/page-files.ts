// Finds the viewer's files beside the package's code: `page/` is one directory up from `src/` and from `dist/` alike.
import { fileURLToPath } from "node:url";

export function pageFile(name: "index.html" | "app.js" | "style.css"): string {
  return fileURLToPath(new URL(`../page/${name}`, import.meta.url));
}
