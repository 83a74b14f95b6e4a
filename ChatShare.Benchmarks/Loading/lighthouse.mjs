// Asks Lighthouse for the performance of a page, once for each line that it is given, and answers with a line of JSON.
// Arguments: node_modules, preset (desktop or mobile), the browser, the page, and the cookies of whoever looks.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, preset, chromePath, page, cookies] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(modules, path)).href);
const { default: lighthouse, desktopConfig } = await load("lighthouse/core/index.js");
const { launch } = await load("chrome-launcher/dist/index.js");
const puppeteer = createRequire(join(modules, "x.js"))("puppeteer-core");

const chrome = await launch({ chromePath, chromeFlags: ["--headless", "--no-sandbox", "--disable-gpu"] });
try {
  const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${chrome.port}` });
  // Extra headers go with requests, but not with the circuit's socket.
  for (const cookie of cookies.split("; ")) {
    const [name] = cookie.split("=");
    await browser.setCookie({ name, value: cookie.slice(name.length + 1), domain: new URL(page).hostname, path: "/" });
  }
  for await (const _ of createInterface({ input: process.stdin })) {
    const flags = { port: chrome.port, onlyCategories: ["performance"], extraHeaders: { Cookie: cookies }, logLevel: "error" };
    const { lhr } = await lighthouse(page, flags, preset === "desktop" ? desktopConfig : undefined);
    if (lhr.finalDisplayedUrl !== page) {
      throw new Error(`${page} led to ${lhr.finalDisplayedUrl}.`);
    }
    const value = (audit) => lhr.audits[audit].numericValue;
    console.log(JSON.stringify({
      performance: lhr.categories.performance.score * 100,
      firstPaint: value("first-contentful-paint"),
      largestPaint: value("largest-contentful-paint"),
      blocked: value("total-blocking-time"),
      bytes: value("total-byte-weight"),
    }));
  }
  await browser.disconnect();
} finally {
  chrome.kill();
}
