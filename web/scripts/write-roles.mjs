// Writes src/api/roles.ts, what each role may, from x-roles of api/openapi.yaml; read by its lines, as tools/write-access does.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const block = /^x-roles:\n((?: {2}.*\n)+)/m.exec(readFileSync(join(here, "../../api/openapi.yaml"), "utf8"))?.[1];
if (!block) throw new Error("api/openapi.yaml has no x-roles");

const lines = block.trimEnd().split("\n").map((line) => {
  const [, role, scopes] = /^ {2}([a-z-]+): \[([a-z:, ]+)\]$/.exec(line) ?? [];
  if (!role) throw new Error(`api/openapi.yaml: x-roles: ${line}`);
  return `  ${JSON.stringify(role)}: ${JSON.stringify(scopes.split(", "))},\n`;
});
writeFileSync(
  join(here, "../src/api/roles.ts"),
  `// Written by scripts/write-roles.mjs from x-roles of api/openapi.yaml.\nimport type { components } from "./schema";\n\ntype Schemas = components["schemas"];\n\nexport const scopesOfRoles: Record<Schemas["Role"], readonly Schemas["Scope"][]> = {\n${lines.join("")}};\n`,
);
