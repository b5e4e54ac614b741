// Opens pages of `renown report` as people do, keeps pictures of them, and fails on whatever is wrong with them:
// node .ci/report.mjs MODULES PICTURES PAGE.html …
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, pictures, ...pages] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "node_modules", "x"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(pictures, { recursive: true });

const faults = [];

/** What is wider than the window, but for what scrolls within itself. */
function tooWide() {
  const width = document.documentElement.clientWidth;
  const wide = [];
  if (document.documentElement.scrollWidth > width) {
    wide.push(`the page is ${document.documentElement.scrollWidth} wide`);
  }
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest(".skip")) continue;
    const inside = element.parentElement.closest(".scroll");
    const { left, right, width: own } = element.getBoundingClientRect();
    if (own > 0 && !inside && (left < -2 || right > width + 2)) {
      wide.push(`<${element.tagName} class="${element.getAttribute("class")}"> ${element.textContent.slice(0, 40)}`);
    }
  }
  return wide;
}

/** Drawings that nobody sees on paper, where nothing can be opened. */
function hidden() {
  return [...document.querySelectorAll("svg")].filter((svg) => !svg.checkVisibility())
    .map((svg) => svg.getAttribute("aria-labelledby"));
}

/** Letters of charts that lie on each other, or stick out of their drawing. */
function collisions() {
  const found = [];
  for (const svg of document.querySelectorAll("svg")) {
    if (svg.getBoundingClientRect().width === 0) continue;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
    texts.forEach(([own, box], at) => {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) {
        found.push(`"${own}" sticks out of ${svg.getAttribute("aria-labelledby")}`);
      }
      for (const [other, that] of texts.slice(at + 1)) {
        const across = Math.min(box.right, that.right) - Math.max(box.left, that.left);
        const down = Math.min(box.bottom, that.bottom) - Math.max(box.top, that.top);
        if (across > 1 && down > 3) found.push(`"${own}" on "${other}" in ${svg.getAttribute("aria-labelledby")}`);
      }
    });
  }
  return found;
}

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

const views = [
  { name: "phone", width: 375, colorScheme: "light" },
  { name: "phone-dark", width: 375, colorScheme: "dark" },
  { name: "desktop", width: 1440, colorScheme: "light" },
  { name: "desktop-dark", width: 1440, colorScheme: "dark" },
  { name: "print", width: 794, colorScheme: "dark", media: "print" },
  { name: "no-script", width: 375, colorScheme: "light", javaScriptEnabled: false },
];

for (const page of pages) {
  const url = pathToFileURL(resolve(page)).href;
  for (const { name, width, media, colorScheme, javaScriptEnabled = true } of views) {
    const where = `${basename(page, ".html")}-${name}`;
    const fault = (what) => faults.push(`${where}: ${what}`);
    // The page forbids all scripts, so the checks' own need a way around; the page itself is held to it without.
    const context = await browser.newContext({
      viewport: { width, height: 900 }, colorScheme, javaScriptEnabled, bypassCSP: javaScriptEnabled,
    });
    const tab = await context.newPage();
    tab.on("request", (request) => request.url() === url || fault(`asks for ${request.url()}`));
    tab.on("console", (message) => ["error", "warning"].includes(message.type()) && fault(message.text()));
    tab.on("pageerror", (error) => fault(error.message));
    if (media) await tab.emulateMedia({ media, colorScheme });
    await tab.goto(url);
    await tab.screenshot({ path: join(pictures, `${where}.png`), fullPage: true });
    if (media) {
      await tab.pdf({ path: join(pictures, `${where}.pdf`), format: "A4", preferCSSPageSize: true });
      for (const what of await tab.evaluate(hidden)) fault(`${what} is not on paper`);
    }
    for (const open of [false, true]) {
      await tab.evaluate((open) => document.querySelectorAll("details").forEach((own) => (own.open = open)), open);
      for (const what of await tab.evaluate(tooWide)) fault(`too wide: ${what}`);
      for (const what of await tab.evaluate(collisions)) fault(what);
      if (!javaScriptEnabled) continue;
      await tab.evaluate(axe);
      const { violations } = await tab.evaluate(() => window.axe.run());
      for (const { id, impact, help, nodes } of violations) {
        const told = `${id} (${impact}): ${help}: ${nodes[0].html.slice(0, 160)}`;
        if (["serious", "critical"].includes(impact)) fault(told);
        else console.log(`${where}: ${told}`);
      }
    }
    if (!media) await tab.screenshot({ path: join(pictures, `${where}-open.png`), fullPage: true });
    await context.close();
  }
}
await browser.close();
console.log(`pictures: ${resolve(pictures)}`);
for (const fault of new Set(faults)) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
