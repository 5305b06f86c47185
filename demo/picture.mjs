// Makes the README's picture: the page of the demo's trace, as `npm run demo -- --serve` shows it. Run it again when the
// page has changed: `node demo/picture.mjs`.
import { fileURLToPath } from "node:url";
import { openBrowser } from "./browser.mjs";
import { serveDemo } from "./served.mjs";

const target = fileURLToPath(new URL("../docs/images/demo-trace.png", import.meta.url));

const demo = await serveDemo();
const { page, close } = await openBrowser({ width: 1280, height: 720 });
try {
  await page.goto(demo.url);
  await page.getByRole("link", { name: "POST /ask" }).click();
  await page
    .getByRole("treeitem", { name: /doStream|streamText/u })
    .last()
    .click();
  await page.getByText("Paris is 18°C and cloudy").first().waitFor();
  await page.screenshot({ path: target });
  console.log(`Wrote ${target}`);
} finally {
  await close();
  await demo.stop();
}
