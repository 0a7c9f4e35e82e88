// Opens a report and an explorer in Chromium as a reader does, and checks what they promise.
//
//     npm install && node check.mjs REPORT EXPLORER [DIR [HOSTILE]]
//
// Both pages are made with `--since`. Checked: two validators of HTML (vnu needs Java), axe at two widths in light and dark, no request
// that leaves the file, no overflow, no error of a script, size, first paint, print, three questions of readers and a file for a spreadsheet answered by keyboard
// alone. With DIR, a picture of every state is left there. With HOSTILE, the pages that the tests of hostile names left there (HOSTILE_PAGES)
// are opened without their policy, every model and every detail: no script runs, nothing is asked for. CHROMIUM names the browser. One line
// a check; exit status 1 if one fails. CHANGES names a page of `diff --format html`, which is validated and looked at as the others are.

import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import puppeteer from "puppeteer-core";

const require = createRequire(import.meta.url);
const [report, explorer, pictures, hostile] = process.argv.slice(2).map((file) => path.resolve(file));
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const MOST_BYTES = 10_000_000;
const FIRST_PAINT_MS = 1000;
let failed = 0;
const said = (what, isRight, more = "") => {
  failed += isRight ? 0 : 1;
  console.log(`${isRight ? "ok    " : "FAILED"} ${what}${more ? ": " + more : ""}`);
};

const run = (command, args) => {
  try { return [true, execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 26 })]; }
  catch (error) { return [false, `${error.stdout || ""}${error.stderr || error.message}`]; }
};
const validate = (name, file) => {
  const [isClean, words] = run(process.execPath, [path.join(path.dirname(require.resolve("html-validate/package.json")), "bin/html-validate.mjs"), file]);
  said(`${name}: html-validate`, isClean, words.trim().slice(0, 500));
  const [hasJava] = run("java", ["-version"]);
  if (!hasJava) { console.log(`left out ${name}: vnu, there is no Java`); return; }
  const [isValid, found] = run("java", ["-jar", path.join(path.dirname(require.resolve("vnu-jar/package.json")), "build/dist/vnu.jar"), "--errors-only", file]);
  said(`${name}: vnu`, isValid, found.trim().slice(0, 500));
};

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true, protocolTimeout: 300_000,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const open = async (file, width, scheme) => {
  const page = await browser.newPage();
  page.setDefaultTimeout(300_000); // a machine that is busy fails the check of the first paint, and no other
  const wrong = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) wrong.push(message.text()); });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => { if (!/^(file|data|blob):/.test(request.url())) wrong.push("asked for " + request.url()); });
  await page.setBypassCSP(true); // axe is a script of its own; the policy is tested in Rust
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto("file://" + file, { waitUntil: "load" });
  return { page, wrong };
};
const picture = async (page, name) => { if (pictures) await page.screenshot({ path: path.join(pictures, name + ".png"), fullPage: true, captureBeyondViewport: true }); };
const look = async (name, file, prepare) => {
  for (const scheme of ["light", "dark"]) for (const width of [1280, 390]) {
    const { page, wrong } = await open(file, width, scheme);
    await prepare(page);
    await picture(page, `${name}-${width}-${scheme}`);
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES);
    const found = violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)}`).join("; ");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    said(`${name} ${width} ${scheme}: axe`, violations.length === 0, found);
    said(`${name} ${width} ${scheme}: nothing wider than the screen, no error, no request`, overflow <= 0 && wrong.length === 0,
      [overflow > 0 ? overflow + " px" : "", ...wrong].filter(Boolean).join("; "));
    await page.close();
  }
};
const go = (hash) => async (page) => {
  await page.evaluate((hash) => { location.hash = hash; }, hash);
  await page.waitForFunction(() => !document.getElementById("model").hidden);
};

const changes = process.env.CHANGES ? path.resolve(process.env.CHANGES) : "";
for (const [name, file] of [["report", report], ["explorer", explorer], ...(changes ? [["diff", changes]] : [])]) {
  const bytes = statSync(file).size;
  said(`${name}: below 10 MB`, bytes < MOST_BYTES, (bytes / 1e6).toFixed(2) + " MB");
  validate(name, file);
  const { page } = await open(file, 1280, "light");
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Infinity);
  said(`${name}: first paint within a second`, paint < FIRST_PAINT_MS, Math.round(paint) + " ms");
  await page.close();
}

// Questions of readers, by keyboard alone.
const keys = async (page, ...all) => { for (const key of all) await page.keyboard.press(key); };
const text = (page, selector) => page.evaluate((selector) => document.querySelector(selector)?.innerText ?? "", selector);
const focused = (page) => page.evaluate(() => document.activeElement?.id || document.activeElement?.innerText || "");
const tabTo = async (page, wanted, most = 60) => {
  for (let i = 0; i < most; i += 1) { await page.keyboard.press("Tab"); if (wanted.test(await focused(page))) return true; }
  return false;
};
const asked = async (name, answer) => {
  const { page, wrong } = await open(explorer, 1280, "light");
  const begun = performance.now();
  const [isRight, more] = await answer(page);
  said(`${name} (${((performance.now() - begun) / 1000).toFixed(1)} s of machine)`, isRight && wrong.length === 0, [more, ...wrong].join("; "));
  await picture(page, "asked-" + name.replace(/\W+/g, "-"));
  await page.close();
};
await asked("What did Llama 3.1 405B cost, and how is that known?", async (page) => {
  await keys(page, "/");
  await page.keyboard.type("llama 3.1 405b");
  if (!(await tabTo(page, /^meta-llama\/(Meta-)?Llama-3\.1-405B$/))) return [false, "the model is not found"];
  await keys(page, "Enter");
  await page.waitForFunction(() => !document.getElementById("model").hidden);
  const [total, evidence, link] = [await text(page, "#model .total"), await text(page, "#model .evidence"), await page.evaluate(() => document.querySelector("#model .evidence a")?.href)];
  await keys(page, "Escape");
  await page.waitForFunction(() => !document.getElementById("list").hidden);
  return [/ t CO₂e/.test(total) && /90 % interval/.test(total) && /Emissions/i.test(evidence) && /^https:/.test(link || ""), total.replace(/\s+/g, " ") + ", " + link];
});
await asked("Which ten runs of French laboratories are the largest?", async (page) => {
  if (!(await tabTo(page, /^country$/))) return [false, "no filter by country in the order of tabs"];
  await page.keyboard.type("France");
  await page.waitForFunction(() => document.getElementById("country").value === "FRA");
  const rows = await page.evaluate(() => [...document.querySelectorAll("#models tbody tr")].slice(0, 10).map((row) => [row.cells[0].innerText.split("\n")[0].trim(), row.cells[3].innerText]));
  return [rows.length === 10, rows.map(([id, mass]) => id + " " + mass).join(", ")];
});
await asked("The rows of France as a file for a spreadsheet", async (page) => {
  if (!(await tabTo(page, /^country$/))) return [false, "no filter by country in the order of tabs"];
  await page.keyboard.type("France");
  await page.waitForFunction(() => document.getElementById("country").value === "FRA");
  await page.evaluate(() => {
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob) => { blob.text().then((words) => { window.written = words; }); return make(blob); };
  });
  if (!(await tabTo(page, /^csv$/))) return [false, "no button for CSV in the order of tabs"];
  await keys(page, "Enter");
  await page.waitForFunction(() => window.written);
  const [head, ...lines] = (await page.evaluate(() => window.written)).trimEnd().split("\r\n");
  const names = head.split(",");
  const [country, median] = [names.indexOf("owner_country"), names.indexOf("emissions_kgco2e_p50")];
  // The same rows as on the page, in its order: the first has the figure that the book has of it.
  const [onPage, first, words] = await page.evaluate(() => [document.querySelectorAll("#models tbody tr").length, document.querySelector("#models tbody tr").cells[0].innerText.split("\n")[0].trim(), document.body.innerText]);
  const cells = lines.map((line) => line.split(","));
  const counted = new RegExp("\\b" + lines.length.toLocaleString("en") + "\\b").test(words);
  return [lines.length >= onPage && counted && cells.every((row) => row.includes("FRA")) && cells[0][0] === first && Number(cells[0][median]) > 0 && country > 0, lines.length + " rows, first " + lines[0].slice(0, 120)];
});
// The list, as links and searches have it: the name that was typed goes first, separators do not matter, and what a link names that is not
// there is said.
{
  const { page, wrong } = await open(explorer, 1280, "light");
  const first = (n = 1) => page.evaluate((n) => [...document.querySelectorAll("#models tbody tr")].slice(0, n).map((row) => row.cells[0].innerText.split("\n")[0].trim()), n);
  const search = async (words) => {
    await page.evaluate((words) => { const field = document.getElementById("query"); field.value = words; field.dispatchEvent(new Event("input", { bubbles: true })); }, words);
    return first(5);
  };
  const ids = await page.evaluate(() => { const book = JSON.parse(document.getElementById("book").textContent); return book.models.map((m) => m[book.model_cells.indexOf("id")]); });
  const named = ids.find((id) => ids.some((other) => other !== id && other.toLowerCase().includes(id.split("/")[1].toLowerCase())));
  const [exactly] = await search(named.split("/")[1].toLowerCase());
  said("search: the exact name first", exactly.toLowerCase().endsWith("/" + named.split("/")[1].toLowerCase()), exactly);
  const is405 = /Llama-3\.1-405B/;
  const [joined, spaced] = [await search("llama405"), await search("llama 405b")];
  said("search: llama405 and llama 405b", [joined, spaced].every((found) => found.some((id) => is405.test(id))), [joined[0], spaced[0]].join(", "));
  const at = async (hash) => {
    await page.evaluate((hash) => { location.hash = hash; }, hash);
    await new Promise((done) => { setTimeout(done, 300); });
    return page.evaluate(() => [document.getElementById("title").innerText, document.getElementById("notice").innerText]);
  };
  const edition = await page.evaluate(() => JSON.parse(document.getElementById("book").textContent).edition);
  const [title, told] = await at(`#${edition.replace("+", "%2B")}/META-llama/llama-3.1-405b`);
  said("links: %2B, and ids in any case", title === "meta-llama/Llama-3.1-405B" && told === "", title + " " + told);
  const [, notice] = await at(`#${edition}?country=ZZZ`);
  said("links: a country that is not there is said", /ZZZ/.test(notice) && wrong.length === 0, notice);
  await page.close();
}

// Labels of axes keep apart at every width.
for (const width of [1280, 1000, 700, 390]) {
  const { page } = await open(report, width, "light");
  const pairs = await page.evaluate(() => {
    const touching = [];
    for (const svg of document.querySelectorAll(".axis svg")) {
      const boxes = [...svg.querySelectorAll("text")].map((one) => one.getBoundingClientRect()).filter((box) => box.width > 0).sort((a, b) => a.left - b.left);
      boxes.slice(1).forEach((box, at) => { if (box.left < boxes[at].right + 2) touching.push(svg.textContent); });
    }
    return touching;
  });
  said(`report ${width}: labels of axes apart`, pairs.length === 0, pairs.slice(0, 3).join("; "));
  await page.close();
}

await asked("Why did the total change since the last snapshot?", async (page) => {
  if (!(await tabTo(page, /^Why the total changed/))) return [false, "no link to what changed"];
  await keys(page, "Enter");
  await page.waitForFunction(() => !document.getElementById("model").hidden);
  const [total, first] = [await text(page, "#model .total"), await text(page, "#model tbody tr")];
  return [/CO₂e/.test(total) && first.length > 10, (total + "; " + first).replace(/\s+/g, " ")];
});

// On paper: nothing is cut off at the side, and the ground is white whatever the screen was.
{
  const { page, wrong } = await open(report, 1280, "dark");
  const pdf = await page.pdf({ format: "A4", printBackground: true });
  if (pictures) writeFileSync(path.join(pictures, "report.pdf"), pdf);
  await page.emulateMediaType("print");
  await page.setViewport({ width: 718, height: 1000 }); // A4 between its margins
  const [overflow, ground] = await page.evaluate(() => [document.documentElement.scrollWidth - window.innerWidth, getComputedStyle(document.body).backgroundColor]);
  const closed = await page.evaluate(() => [...document.querySelectorAll("details:not([open]) table, details:not([open]) .evidence")].filter((one) => !one.checkVisibility() || one.getBoundingClientRect().height === 0).length);
  said("report: tables and evidence are on paper", closed === 0, closed + " are not");
  said("report: on paper", overflow <= 0 && wrong.length === 0 && /^(rgb\(255, 255, 255\)|rgba\(0, 0, 0, 0\))$/.test(ground), `${overflow} px over, ground ${ground}, ${(pdf.length / 1e6).toFixed(2)} MB of PDF`);
  await page.close();
}

// Hostile names and quotes, as far as a reader can go, with the policy off: nothing may rest on it.
for (const name of hostile ? ["report", "explorer"] : []) {
  const { page, wrong } = await open(path.join(hostile, name + ".html"), 1280, "light");
  page.on("dialog", async (dialog) => { wrong.push("a dialog: " + dialog.message()); await dialog.dismiss(); });
  const scripts = await page.evaluate(() => document.scripts.length);
  const states = await page.evaluate(() => (document.getElementById("book") ? JSON.parse(document.getElementById("book").textContent) : null))
    .then((book) => (book ? book.models.map((m) => "#" + book.edition + "/" + m[book.model_cells.indexOf("id")].split("/").map(encodeURIComponent).join("/")) : [""]));
  const odd = new Set();
  let opened = 0;
  for (const state of states) {
    if (state) await page.evaluate((state) => { location.hash = state; }, state);
    if (state) await page.waitForFunction(() => !document.getElementById("model").hidden);
    opened += 1;
    const found = await page.evaluate(() => {
      document.querySelectorAll("details").forEach((one) => { one.open = true; });
      document.querySelectorAll("a, summary, li, td, th").forEach((one) => { for (const type of ["mouseover", "focus"]) one.dispatchEvent(new Event(type, { bubbles: true })); });
      const all = [...document.querySelectorAll("*")];
      return [
        ...all.filter((one) => /^(iframe|img|object|embed|base|form|link)$/i.test(one.localName)).map((one) => one.localName),
        ...all.flatMap((one) => [...one.attributes].filter((a) => /^(on|src|style|srcdoc|formaction)/.test(a.name)).map((a) => `${one.localName} ${a.name}`)),
        ...[...document.querySelectorAll("a")].filter((one) => !/^(file|https?):$/.test(one.protocol)).map((one) => one.getAttribute("href")),
      ];
    });
    found.forEach((one) => odd.add(one));
  }
  const after = await page.evaluate(() => document.scripts.length);
  said(`hostile ${name}: inert in ${opened} states`, odd.size === 0 && after === scripts && wrong.length === 0, [...odd, ...wrong].join("; ").slice(0, 500));
  await page.close();
}

const edition = await (async () => { const { page } = await open(explorer, 1280, "light"); const found = await page.evaluate(() => JSON.parse(document.getElementById("book").textContent).edition); await page.close(); return found; })();
await look("report", report, async () => {});
await look("explorer", explorer, async () => {});
await look("explorer-model", explorer, go(`#${edition}/meta-llama/Llama-3.1-405B`));
await look("explorer-changes", explorer, go(`#${edition}?changes`));
if (changes) await look("diff", changes, async () => {});
await browser.close();
process.exit(failed ? 1 : 0);
