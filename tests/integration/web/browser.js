// Reads the pages as people do: with a mouse, with the keyboard alone, without scripts, in the dark, on a phone.
// Arguments: the server's address, the run that is under way, Chromium. The first fault ends it, in words.
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [base, run, executablePath] = process.argv.slice(2);
const pictures = process.env.PSFLEET_TEST_SCREENSHOTS;
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
// Nothing of the browser's own business with its maker's servers.
const quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const wide = { width: 1280, height: 900 };
const looks = {
  light: { colorScheme: "light", viewport: wide },
  dark: { colorScheme: "dark", viewport: wide },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, hasTouch: true },
  "phone-dark": { colorScheme: "dark", viewport: { width: 390, height: 844 }, hasTouch: true },
};
const places = ["/", "/matrix", "/matrix?state=problem&group=web", "/hosts/web001", "/checks", "/checks/disk-space", "/hosts/web001/disk-space", "/alerts", "/schedule", `/runs/${run}`, "/nowhere"];

// A page whose faults are remembered: what it logs, what it throws, what it asks of others.
const open = async (browser, options) => {
  const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => { if (message.type() === "error" && !/404/.test(message.text())) faults.push(`console: ${message.text()}`); });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("request", (request) => { if (!request.url().startsWith(`${base}/`)) faults.push(`asks elsewhere: ${request.url()}`); });
  const close = async () => { assert.deepStrictEqual(faults, []); await context.close(); };
  return { page, close };
};

const picture = async (page, name) => {
  if (pictures) await page.screenshot({ path: path.join(pictures, `web-${name}.png`), animations: "disabled" });
};

const looksRight = async (browser, look, options) => {
  const { page, close } = await open(browser, options);
  for (const place of places) {
    await page.goto(base + place);
    await page.evaluate(axe);
    const found = await page.evaluate(async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map((fault) => `${fault.impact} ${fault.id}: ${fault.nodes[0].html}`));
    assert.deepStrictEqual(found, [], `axe on ${place}, ${look}`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${place} is ${over} px too wide, ${look}`);
    await picture(page, `${look}${place.replace(/\W+/g, "-")}`);
  }
  await close();
};

const drillsDown = async (browser) => {
  const { page, close } = await open(browser, looks.light);
  await page.goto(base);
  await page.click("nav >> text=Matrix");
  await page.click("tbody th a >> text=app001");
  assert.match(await page.textContent("h1"), /^app001/);
  await page.click("tbody th a >> nth=0");
  assert.match(await page.textContent("h1"), / on app001 /);
  assert.ok(await page.isVisible("h2#history") && await page.isVisible("h2#record"));
  assert.match(await page.textContent("pre"), /"FreePercent"/);
  await page.click("#history ~ .scroll tbody a >> nth=0");
  assert.match(await page.textContent("h1"), /^Run /);
  await close();
};

const followsARun = async (browser) => {
  const { page, close } = await open(browser, looks.light);
  for (const place of ["/", `/runs/${run}`]) {
    await page.goto(base + place);
    await page.evaluate(() => { window.sameDocument = true; });
    const before = await page.getAttribute("progress >> nth=0", "value");
    await page.waitForFunction((value) => document.querySelector("progress").getAttribute("value") !== value, before);
    assert.ok(await page.evaluate(() => window.sameDocument), "the page was not loaded anew");
    assert.strictEqual(await page.getAttribute("#live", "data-state"), "live");
  }
  await close();
};

// Presses Tab until a link has the focus, and Enter.
const walkTo = async (page, wanted) => {
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    const href = await page.evaluate(() => document.activeElement?.getAttribute("href"));
    if (href && wanted.test(href)) {
      const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notStrictEqual(ring, "none", `${href} shows that it has the focus`);
      const target = new URL(href, page.url()).href;
      await page.keyboard.press("Enter");
      await page.waitForURL(target);
      return href;
    }
  }
  throw new Error(`Tab does not reach ${wanted}`);
};

const worksByKeyboard = async (browser) => {
  const { page, close } = await open(browser, looks.light);
  await page.goto(base);
  await walkTo(page, /^#content$/);
  await walkTo(page, /^\/checks\/[^#]+$/);
  const cell = await walkTo(page, /^\/hosts\/[^/]+\/[^/]+$/);
  assert.strictEqual(new URL(page.url()).pathname, cell);
  // The place of the keyboard stays when the page is put anew.
  await page.goto(base);
  await page.focus("table a >> nth=0");
  const held = await page.evaluate(() => document.activeElement.getAttribute("href"));
  const told = await page.textContent("#live");
  await page.waitForFunction((text) => document.getElementById("live").textContent !== text, told);
  assert.strictEqual(await page.evaluate(() => document.activeElement.getAttribute("href")), held);
  await close();
};

const readsWithoutScripts = async (browser) => {
  const { page, close } = await open(browser, { ...looks.light, javaScriptEnabled: false });
  await page.goto(base);
  assert.ok(await page.isVisible("text=The fleet as a whole"));
  await page.click("nav >> text=Matrix");
  await page.selectOption("select[name=group]", "dc");
  await page.click("button");
  assert.match(page.url(), /group=dc/);
  assert.strictEqual(await page.locator("tbody tr").count(), 6);
  await close();
};

const prints = async (browser) => {
  const { page, close } = await open(browser, { ...looks.light, viewport: { width: 794, height: 1123 } });
  for (const place of ["/", "/hosts/web001/disk-space"]) {
    await page.goto(base + place);
    await page.emulateMedia({ media: "print" });
    assert.ok(await page.isHidden("nav"), "what is clicked is not printed");
    await picture(page, `print${place.replace(/\W+/g, "-")}`);
  }
  await close();
};

(async () => {
  const browser = await chromium.launch({ executablePath, args: quiet });
  try {
    await drillsDown(browser);
    await followsARun(browser);
    await worksByKeyboard(browser);
    await readsWithoutScripts(browser);
    await prints(browser);
    for (const [look, options] of Object.entries(looks)) await looksRight(browser, look, options);
    console.log("all is well");
  } finally {
    await browser.close();
  }
})().catch((fault) => { console.error(fault.stack); process.exitCode = 1; });
