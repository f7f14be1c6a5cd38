// pack.mjs - writes dist/page_bundle.c, which holds every built file, compressed
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

// The name of a file without its folder is enough: vite makes those under assets/ unique.
const files = ["dist/index.html", ...readdirSync("dist/assets").map((name) => `dist/assets/${name}`)].sort();

function cBytes(bytes) {
  const lines = [];
  for (let i = 0; i < bytes.length; i += 24) lines.push("\t" + [...bytes.subarray(i, i + 24)].join(",") + ",");
  return lines.join("\n");
}

const arrays = [];
const rows = [];
let plainTotal = 0;
let packedTotal = 0;
for (const [number, file] of files.entries()) {
  const plain = readFileSync(file);
  const packed = gzipSync(plain, { level: 9 });
  plainTotal += plain.length;
  packedTotal += packed.length;
  arrays.push(`static const unsigned char bytes_${number}[] = {\n${cBytes(packed)}\n};\n`);
  rows.push(`\t{ "${file.split("/").at(-1)}", { (const char *)bytes_${number}, sizeof(bytes_${number}) } },`);
}
writeFileSync(
  "dist/page_bundle.c",
  `/* page_bundle.c - made by web/pack.mjs */
#include "base/embedded.h"

extern const struct embedded_file page_bundle[];
extern const size_t page_bundle_count;
${arrays.join("")}
const struct embedded_file page_bundle[] = {
${rows.join("\n")}
};
const size_t page_bundle_count = sizeof(page_bundle) / sizeof(page_bundle[0]);
`,
);
console.log(`page: ${files.length} files, ${plainTotal} bytes, ${packedTotal} compressed`);
