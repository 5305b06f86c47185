// The types of browser.mjs, for the browser test.
import type { Page } from "playwright-core";

export declare function openBrowser(size?: { width?: number; height?: number }): Promise<{
  page: Page;
  close(): Promise<void>;
}>;
