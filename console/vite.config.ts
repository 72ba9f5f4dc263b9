// Builds into dist/site, which dashboard-api takes into the binary. Every file is packed here, once, so that the server
// never has to.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const SITE = "dist/site";
/** A packed file that saves less is not worth its place. */
const WORTH = 0.9;
/** Below it a file is sent as it is, bytes. */
const SMALL = 1_000;

function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    async closeBundle() {
      const entries = await readdir(SITE, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && /\.(js|css|svg|txt)$/.test(entry.name));
      await Promise.all(files.map((file) => pack(join(file.parentPath, file.name))));
    },
  };
}

async function pack(path: string): Promise<void> {
  const bytes = await readFile(path);
  if (bytes.length < SMALL) return;
  const ways = [["br", promisify(brotliCompress)], ["gz", promisify(gzip)]] as const;
  for (const [ending, way] of ways) {
    const short = await (way as (bytes: Buffer) => Promise<Buffer>)(bytes);
    if (short.length < bytes.length * WORTH) await writeFile(`${path}.${ending}`, short);
  }
}

export default defineConfig({
  plugins: [react(), packed()],
  // The server puts a nonce of its own in its place in every document.
  html: { cspNonce: "__nonce__" },
  build: { outDir: SITE, emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 1_200 },
  server: {
    // `npm run dev` beside a running site: XIEZHI=http://127.0.0.1:8080. Sign in there; the cookie counts for both.
    proxy: Object.fromEntries(
      ["/api", "/session", "/idp", "/style.css", "/plain"].map((path) => [path, process.env["XIEZHI"] ?? "http://127.0.0.1:8080"]),
    ),
  },
});
