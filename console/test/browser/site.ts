// A real site for the tests: the demonstration with a stream of its own, and people in real browsers.

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

/** Enough for every kind of alarm, and for more than one page of the list. */
const CASES = "1500";
/** How long the demonstration may take until its alarms stand, ms. */
const READY_WITHIN = 240_000;
/** For one step of a page on a busy machine, ms. */
export const PATIENCE = 30_000;

export interface Site {
  origin: string;
  /** Publishes events of an organisation, as its systems do. */
  publish: (org: string, events: object[]) => Promise<void>;
  stop: () => Promise<void>;
}

export async function startSite(): Promise<Site> {
  const program = process.env["XIEZHI_PROGRAM"] ?? resolve("../target/debug/xiezhi");
  if (!existsSync(program)) throw new Error(`${program} is missing: cargo xtask test builds it, or name it in XIEZHI_PROGRAM`);
  const dir = mkdtempSync(join(tmpdir(), "xiezhi-console-"));
  const args = ["demo", "--cases", CASES, "--api", "127.0.0.1:0", "--metrics", "127.0.0.1:0"];
  const child = spawn(program, args, { cwd: resolve(".."), env: { ...process.env, TMPDIR: dir }, stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  child.stderr.on("data", (bytes: Buffer) => said.push(bytes.toString()));
  const stop = async () => {
    await ended(child);
    rmSync(dir, { recursive: true, force: true });
  };
  const addresses = new Promise<Addresses>((found, fail) => {
    const late = setTimeout(() => fail(new Error(`not ready within ${READY_WITHIN / 1_000} s:\n${said.join("")}`)), READY_WITHIN);
    createInterface(child.stdout).on("line", (line) => {
      said.push(line);
      // The last line behind the addresses.
      if (!line.startsWith("Ctrl-C")) return;
      clearTimeout(late);
      const text = said.join("\n");
      const origin = /^ {2}alarms +(http:\/\/[^/]+)\//m.exec(text)?.[1];
      const brokers = /^ {2}Kafka +(\S+)/m.exec(text)?.[1];
      if (origin && brokers) found({ origin, brokers });
      else fail(new Error(`no addresses in:\n${text}`));
    });
    child.on("exit", (code) => {
      clearTimeout(late);
      fail(new Error(`the site ended with ${code}:\n${said.join("\n")}`));
    });
  });
  try {
    const { origin, brokers } = await addresses;
    const publish = (org: string, events: object[]) => {
      const file = join(dir, "events.jsonl");
      writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
      return run(program, ["publish", "--brokers", brokers, "--org", org, file]);
    };
    return { origin, publish, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Addresses {
  origin: string;
  brokers: string;
}

async function run(program: string, args: string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => { said += bytes.toString(); });
  const code = await new Promise<number | null>((done) => child.on("exit", done));
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${said}`);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.on("exit", () => done());
    child.kill("SIGTERM");
  });
}

export async function startBrowser(): Promise<Browser> {
  const places = (process.env["PATH"] ?? "").split(delimiter);
  const all = places.flatMap((place) => ["chromium", "google-chrome"].map((name) => join(place, name)));
  const executablePath = all.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error("chromium is missing: run deploy/setup.sh");
  // Chromium's own sandbox cannot be had as root.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

/** A person in a browser of his own, signed in. What the browser complains of is kept. */
export class Person {
  readonly complaints: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly origin: string,
  ) {
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      // The browser tells of every 4xx by itself; those are answers, and the page says what they mean.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) this.complaints.push(message.text());
    });
  }

  static async signIn(browser: Browser, site: Site, id: string, size = { width: 1280, height: 860 }): Promise<Person> {
    const context = await browser.newContext({ viewport: size, timezoneId: "Asia/Shanghai", locale: "zh-CN", reducedMotion: "reduce" });
    const person = new Person(context, await context.newPage(), site.origin);
    await person.page.goto(site.origin);
    await person.page.getByRole("link", { name: "登录", exact: true }).click();
    await person.page.locator(`a[href*="person=${id}"]`).click();
    await person.page.locator("main h1").waitFor();
    return person;
  }

  /** A page, when all that it asked for is there. */
  async open(path: string): Promise<void> {
    await this.page.goto(this.origin + path);
    await this.settled();
  }

  async settled(): Promise<void> {
    await this.page.locator("main h1").first().waitFor();
    await this.page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
  }

  async speak(lang: "zh" | "en"): Promise<void> {
    await this.page.evaluate((value) => localStorage.setItem("xiezhi.lang", value), lang);
  }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Finding {
  id: string;
  impact: string | null;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** What axe finds that is serious or worse. */
export async function serious(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const findings = await page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: () => Promise<{ violations: Finding[] }> } }).axe;
    return (await axe.run()).violations;
  });
  return findings
    .filter((finding) => finding.impact === "serious" || finding.impact === "critical")
    .map((finding) => `${finding.id}: ${finding.help}\n  ${finding.nodes.slice(0, 4).map((node) => `${node.html.slice(0, 200)} ${node.failureSummary ?? ""}`).join("\n  ")}`);
}
