// The deck's second story (slides 35 and 36), by the people it is about: the bureau opens an order on two alarms, the office
// forwards it, the handler answers, the office replies, the bureau sends it back once and then revokes.

import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { picture, recorded } from "./look.ts";
import { Person, serious, type Site } from "./site.ts";

/** The market bureau, as the demonstration has it. */
const ORG = "11990100260000488D";

/** Does what a button of the page's title says, in its dialog. */
async function does(person: Person, name: RegExp, fill: () => Promise<void>): Promise<void> {
  const { page } = person;
  await page.locator(".title").getByRole("button", { name }).first().click();
  await fill();
  await page.getByRole("dialog").getByRole("button", { name }).click();
  await recorded(person);
  await page.getByRole("dialog").waitFor({ state: "hidden" });
}

/** Opens what waits for the person, by the list of what is his. */
async function takesUp(person: Person, what: string, number: string): Promise<void> {
  await person.open("/orders");
  const row = person.page.locator("tbody tr").filter({ hasText: what }).filter({ hasText: number });
  await row.getByRole("link").first().click();
  await person.page.getByRole("heading", { name: /^督办单 / }).waitFor();
  await person.settled();
}

export async function orderStory(browser: Browser, site: Site): Promise<string> {
  const people = await Promise.all(["zhou", "chen", "wang", "sun"].map((id) => Person.signIn(browser, site, id)));
  const [zhou, chen, wang, sun] = people as [Person, Person, Person, Person];
  const reason = (person: Person, text: string) => person.page.getByLabel("理由").fill(text);

  await zhou.open(`/alarms?org=${ORG}&light=red&state=raised`);
  const boxes = zhou.page.getByRole("checkbox", { name: "选择" });
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await zhou.page.getByText("已选 2 条").waitFor();
  await picture(zhou.page, "alarms-chosen-zh");
  await zhou.page.getByRole("button", { name: "发起督办" }).click();
  await zhou.page.getByLabel("督办意见").fill("请查明逾期原因，并说明整改措施。");
  await zhou.page.getByRole("dialog").getByRole("button", { name: "发起督办" }).click();
  await zhou.page.waitForURL(/\/orders\/[^/]+-\d{4}-\d{4}$/);
  const number = decodeURIComponent(new URL(zhou.page.url()).pathname.split("/").at(-1) ?? "");
  assert.ok(number.startsWith(`${ORG}-`), number);

  // Another department sees nothing of it: not in its lists, and not by its address.
  await sun.open("/orders?list=unit");
  await sun.page.getByText("没有待办").waitFor();
  await sun.open("/orders?list=all");
  await sun.page.getByText("没有督办单").waitFor();
  await sun.open(`/orders/${number}`);
  await sun.page.getByText("没有这个地址").waitFor();

  const second = number.replace(/\d{4}$/, "0002");
  await takesUp(chen, "转办", number);
  await does(chen, /^转办/, async () => {
    await chen.page.getByLabel("办件人员（账号）").fill("wang");
    await chen.page.getByLabel("督办意见").fill("请说明超期原因。");
  });
  await takesUp(wang, "答复监察室", second);
  await does(wang, /^答复/, async () => {
    await reason(wang, "执法记录仪故障，证据补录延迟。");
    await wang.page.getByLabel("佐证材料").fill("维修单 2026-17");
  });
  await takesUp(chen, "回复监察局", number);
  await does(chen, /^回复/, () => reason(chen, "情况属实，已补录。"));

  await takesUp(zhou, "审结", number);
  await picture(zhou.page, "order-zh");
  assert.deepEqual(await serious(zhou.page), []);
  await does(zhou, /^退回/, () => reason(zhou, "请补充维修单原件。"));
  await takesUp(chen, "转办", number);
  await does(chen, /^转办/, async () => {
    await chen.page.getByLabel("办件人员（账号）").fill("wang");
    await chen.page.getByLabel("督办意见").fill("请补充原件。");
  });
  await takesUp(wang, "答复监察室", number.replace(/\d{4}$/, "0003"));
  await does(wang, /^答复/, () => reason(wang, "原件已上传。"));
  await takesUp(chen, "回复监察局", number);
  await does(chen, /^回复/, () => reason(chen, "材料齐全。"));
  await takesUp(zhou, "审结", number);
  await does(zhou, /^撤销预警/, () => reason(zhou, "理由成立。"));

  await zhou.open("/orders?list=closed");
  await zhou.page.getByRole("link", { name: number }).waitFor();
  await zhou.page.getByText("已撤销").first().waitFor();
  await zhou.open(`/orders/${number}`);
  await zhou.page.locator("a[href^='/alarms/']").first().click();
  await zhou.page.getByText("经核实，此预警已撤销。").waitFor();
  await zhou.settled();
  await picture(zhou.page, "alarm-revoked-zh");
  await zhou.page.getByRole("button", { name: /关注$/ }).click();
  await reason(zhou, "跟踪整改");
  await zhou.page.getByRole("dialog").getByRole("button", { name: "关注", exact: true }).click();
  await recorded(zhou);
  await zhou.open("/orders?list=followed");
  await zhou.page.getByText("跟踪整改").waitFor();
  for (const person of people) {
    assert.deepEqual(person.complaints, []);
    await person.context.close();
  }
  return number;
}
