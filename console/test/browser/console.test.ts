// The console in a real browser on a real site: every page in both languages, the deck's two stories by the people they are
// about, and what others see of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { strFromU8, unzipSync } from "fflate";
import type { Browser } from "playwright-core";
import { picture, recorded } from "./look.ts";
import { orderStory } from "./orders.ts";
import { volumeStory } from "./volume.ts";
import { Person, serious, startBrowser, startSite, type Site } from "./site.ts";

/** Of the market bureau, like li, fang and chen; sun is of another one. */
const RULE = "9901-CF-0107";
const FIRST_SCREEN_WITHIN = 1_000;

let site: Site;
/** The order of the second story. */
let order = "";
let browser: Browser;

before(async () => {
  browser = await startBrowser();
  site = await startSite();
});

after(async () => {
  await browser?.close();
  await site?.stop();
});

test("a rule goes through review, with a return, by four people", async () => {
  const people = await Promise.all(["li", "fang", "chen", "zhou"].map((id) => Person.signIn(browser, site, id)));
  const [li, fang, chen, zhou] = people as [Person, Person, Person, Person];
  const does = async (person: Person, name: string, fill?: () => Promise<void>) => {
    await person.open(`/rules/${RULE}`);
    await person.page.locator(".title").getByRole("button", { name, exact: true }).click();
    await fill?.();
    await person.page.getByRole("dialog").getByRole("button", { name: /确认|提交|通过|送审|退回|审定|附试运行结果/ }).last().click();
    await recorded(person);
  };
  const draft = async (button: string, days: number) => {
    await li.open(`/rules/${RULE}`);
    await li.page.locator(".title").getByRole("button", { name: button }).click();
    const text = li.page.locator("textarea.editor");
    const content = JSON.parse(await text.inputValue()) as { limits: { id: string; days: number }[] };
    content.limits.filter((limit) => limit.id === "investigation").forEach((limit) => { limit.days = days; });
    await text.fill(JSON.stringify(content, null, 2));
    await li.page.getByRole("dialog").getByRole("button", { name: "提交", exact: true }).click();
    await recorded(li);
  };
  await draft("起草新版本", 12);
  await does(fang, "退回", () => fang.page.getByLabel("退回原因").fill("请写明缩短期限的依据"));
  await li.open(`/rules/${RULE}`);
  await li.page.getByText("请写明缩短期限的依据").waitFor();
  await picture(li.page, "rule-returned-zh");
  await draft("修改后重新起草", 10);
  await does(fang, "法制审核通过");
  await li.open(`/rules/${RULE}?tab=dry-run`);
  await li.page.getByRole("button", { name: "开始试运行" }).click();
  await li.page.getByText("由系统对全部历史数据试算").waitFor();
  // Far fewer days than before: some cases are late by the new ones.
  await li.page.getByRole("table", { name: "按监察点类型" }).first().getByText("办理时限").waitFor();
  await does(li, "送审");
  // It is not the bureau's turn yet.
  await zhou.open(`/rules/${RULE}`);
  assert.equal(await zhou.page.getByRole("button", { name: "审定", exact: true }).count(), 0);
  await does(chen, "初审通过");
  await does(zhou, "审定");
  await zhou.open(`/rules/${RULE}`);
  await zhou.page.getByText(/已审定 · (待生效|现行有效)/).first().waitFor();
  for (const person of people) {
    assert.deepEqual(person.complaints, []);
    await person.context.close();
  }
});

test("an alarm goes to the office, the handler and back, and is revoked", async () => {
  order = await orderStory(browser, site);
});

test("another organisation sees nothing of it", async () => {
  const chen = await Person.signIn(browser, site, "chen");
  await chen.open("/alarms?org=11990100260000488D");
  const address = await chen.page.locator(".long-table tbody a").first().getAttribute("href");
  await chen.context.close();
  const sun = await Person.signIn(browser, site, "sun");
  await sun.open("/rules");
  await sun.page.getByText("还没有规则进入审核").waitFor();
  await sun.open("/alarms?org=11990100260000488D");
  await sun.page.getByText("没有符合条件的预警").waitFor();
  await sun.open(address ?? "");
  await sun.page.getByText("没有这个地址").waitFor();
  await picture(sun.page, "nothing-zh");
  assert.deepEqual(await serious(sun.page), []);
  assert.deepEqual(sun.complaints, []);
  await sun.context.close();
});

test("who runs the machinery sees no alarms, and who has nothing to do here is told so", async () => {
  const guan = await Person.signIn(browser, site, "guan");
  await guan.open("/");
  await guan.page.getByRole("heading", { name: "数据与运行" }).waitFor();
  assert.equal(await guan.page.getByRole("link", { name: "报警中心" }).count(), 0);
  await guan.context.close();
});

test("the alarm centre keeps its filters in the address, opens by the keyboard, and exports all", async () => {
  const zhou = await Person.signIn(browser, site, "zhou");
  const { page } = zhou;
  await zhou.open("/alarms");
  await page.getByRole("combobox", { name: "灯" }).click();
  await page.locator(".ant-select-item-option").filter({ hasText: "红灯" }).click();
  await page.waitForURL(/light=red/);
  await page.keyboard.press("Escape");
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("light"));
  await page.goForward();
  await page.waitForURL(/light=red/);
  await page.locator(".long-table tbody tr .light.red").first().waitFor();
  assert.equal(await page.locator(".long-table .light.yellow").count(), 0);
  const table = page.getByRole("region", { name: "报警中心" });
  await table.focus();
  await page.keyboard.press("End");
  // However long the table, few rows stand in the document.
  assert.ok((await page.locator(".long-table tbody tr").count()) < 60);
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/alarms\/[0-9a-f]{32}$/);
  await page.goBack();
  const total = Number(/共 ([\d,]+) 条/.exec(await page.locator(".tools [role=status]").innerText())?.[1]?.replace(",", ""));
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "导出 CSV" }).click();
  const csv = readFileSync((await (await waiting).path()) ?? "", "utf8");
  assert.equal(csv.trimEnd().split("\r\n").length - 1, total);
  const sheet = page.waitForEvent("download");
  await page.getByRole("button", { name: "导出 Excel" }).click();
  const files = unzipSync(readFileSync((await (await sheet).path()) ?? ""));
  assert.equal(strFromU8(files["xl/worksheets/sheet1.xml"] ?? new Uint8Array()).match(/<row /g)?.length, total + 1);
  await page.getByRole("button", { name: "常用视图" }).click();
  await page.getByRole("menuitem", { name: "超期未结" }).click();
  await page.waitForURL(/code=overdue/);
  assert.deepEqual(zhou.complaints, []);
  await zhou.context.close();
});

test("what happens is told at once, and the list waits until it is asked", async () => {
  const zhou = await Person.signIn(browser, site, "zhou");
  const { page } = zhou;
  await zhou.open("/alarms");
  await page.getByText("● 实时").waitFor();
  const org = "119901002600008594";
  const subject = `console-live-${Date.now()}`;
  const event = (id: string, type: string, data: object) => ({
    specversion: "1.0", id: `${subject}-${id}`, source: `urn:cn-org:${org}:penalty`, type, subject, time: new Date(Date.now() - 1_000 + Number(id)).toISOString(), data,
  });
  // An investigation that ends without evidence.
  await site.publish(org, [
    event("0", "case.accepted", { item: "9901-CF-0042", org, title: "占道经营" }),
    event("1", "step.started", { step: "investigation" }),
    event("2", "step.completed", { step: "investigation" }),
  ]);
  await page.getByRole("button", { name: /条新的预警变动/ }).click();
  await page.getByRole("link", { name: subject }).first().waitFor();
  assert.deepEqual(zhou.complaints, []);
  await zhou.context.close();
});

test("a hundred thousand alarms scroll, and few of them stand in the document", async () => {
  const zhou = await Person.signIn(browser, site, "zhou");
  await volumeStory(zhou);
  assert.deepEqual(zhou.complaints, []);
  await zhou.context.close();
});

test("every page is fit for everybody, in both languages, wide and narrow", async () => {
  const zhou = await Person.signIn(browser, site, "zhou");
  const { page } = zhou;
  await zhou.open("/alarms?code=overdue&state=raised&item=9901-CF-0042");
  const alarm = (await page.locator(".long-table tbody a[href^='/alarms/']").first().getAttribute("href")) ?? "";
  const known = (await page.locator(".long-table tbody a[href^='/cases/']").first().getAttribute("href")) ?? "";
  const pages = [
    ["overview", "/"], ["alarms", "/alarms"], ["alarm", alarm], ["case", known], ["rules", "/rules"],
    ["rule", `/rules/${RULE}`], ["item", "/rules/9901-CF-0042"], ["sources", "/sources"],
    ["orders", "/orders?list=all"], ["order", `/orders/${order}`], ["document", `/orders/${order}/document`],
    ["registers", "/registers"], ["calendars", "/registers?tab=calendars"], ["dry-run", `/rules/${RULE}?tab=dry-run`],
  ] as const;
  for (const lang of ["zh", "en"] as const) {
    await zhou.speak(lang);
    for (const [name, path] of pages) {
      await page.setViewportSize({ width: 1280, height: 860 });
      await zhou.open(path);
      if (name === "overview") await page.locator(".trend canvas").waitFor();
      assert.deepEqual(await serious(page), [], `${name} ${lang}`);
      await picture(zhou.page, `${name}-${lang}`);
      for (const width of [1920, 390]) {
        await page.setViewportSize({ width, height: 860 });
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(beyond <= 0, `${name} ${lang} is ${beyond} px too wide at ${width}`);
      }
      if (name === "overview") await picture(zhou.page, `${name}-phone-${lang}`);
    }
  }
  assert.deepEqual(zhou.complaints, []);
  await zhou.context.close();
});

test("no script stands in the document, and how long the first screen takes is told", async () => {
  const zhou = await Person.signIn(browser, site, "zhou");
  const { page } = zhou;
  await zhou.open("/");
  const began = performance.now();
  await page.reload();
  await page.locator(".top nav").waitFor();
  const took = performance.now() - began;
  console.log(`first screen: ${Math.round(took)} ms, wanted within ${FIRST_SCREEN_WITHIN} ms`);
  const answer = await fetch(`${site.origin}/alarms/x`, { headers: { accept: "text/html" } });
  const [policy, html] = [answer.headers.get("content-security-policy") ?? "", await answer.text()];
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[0-9a-f]{64}';/);
  assert.ok(!policy.includes("unsafe") && !/<script(?![^>]* src=)/.test(html) && !/ style=/.test(html));
  assert.equal((await fetch(`${site.origin}/api/v1/nothing`, { headers: { accept: "text/html" } })).status, 404);
  await zhou.context.close();
});

test("without a session one is asked to sign in, and then led on", async () => {
  const context = await browser.newContext({ locale: "zh-CN" });
  const page = await context.newPage();
  await page.goto(`${site.origin}/alarms?light=red`);
  await page.getByRole("heading", { name: "请先登录" }).waitFor();
  await picture(page, "sign-in-zh");
  assert.deepEqual(await serious(page), []);
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { name: "Please sign in" }).waitFor();
  await picture(page, "sign-in-en");
  await page.getByRole("link", { name: "Sign in", exact: true }).click();
  await page.locator('a[href*="person=zhou"]').click();
  await page.waitForURL(/\/alarms\?light=red$/);
  // The page may have the token; that a foreign one may not is tested with the sign-in (identity/tests/it/login.rs).
  assert.equal(await page.evaluate(async () => (await fetch("/session/token")).status), 200);
  await context.close();
});
