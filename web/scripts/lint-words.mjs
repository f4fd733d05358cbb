// Checks the words of the pages: that each is looked up (no text or label is written into JSX), that each key that is looked up
// exists and each that exists is looked up, that every language has every key, with its own plural forms, and the same {{slots}}.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const sources = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..", "src");
const found = [];

// Words of every language: the product's name.
const names = new Set(["Postroom"]);
const shown = new Set(["label", "title", "aria-label", "placeholder", "alt", "hint", "empty", "words", "submit", "question", "head"]);

const literals = new Set();   // every string in the sources, keys among them
const prefixes = new Set();   // of templates: `mailbox.state.${…}`

function look(file) {
  const text = readFileSync(file, "utf8");
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const complain = (node, what) => found.push(`${file.slice(sources.length - 3)}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);
  const isWord = (words) => /\p{L}/u.test(words) && !names.has(words.trim());
  const visit = (node) => {
    if (ts.isJsxText(node) && isWord(node.text)) complain(node, `text in JSX: ${JSON.stringify(node.text.trim())}; use t()`);
    if (ts.isJsxAttribute(node) && shown.has(node.name.getText()) && node.initializer && ts.isStringLiteral(node.initializer) && isWord(node.initializer.text)) {
      complain(node, `${node.name.getText()}=${JSON.stringify(node.initializer.text)}; use t()`);
    }
    if (ts.isPropertyAssignment(node) && shown.has(node.name.getText()) && ts.isStringLiteral(node.initializer) && isWord(node.initializer.text)) {
      complain(node, `${node.getText()}; use t()`);
    }
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) literals.add(node.text);
    if (ts.isTemplateExpression(node)) prefixes.add(node.head.text);
    if (ts.isCallExpression(node) && node.expression.getText() === "t" && node.arguments[0] && ts.isStringLiteral(node.arguments[0]) && !has("en", node.arguments[0].text)) {
      complain(node, `no such key: ${node.arguments[0].text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
}

const flat = (tree, prefix = "") =>
  Object.entries(tree).flatMap(([key, value]) => (typeof value === "string" ? [[prefix + key, value]] : flat(value, `${prefix}${key}.`)));
const languages = Object.fromEntries(
  readdirSync(join(sources, "i18n"))
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name.slice(0, -5), new Map(flat(JSON.parse(readFileSync(join(sources, "i18n", name), "utf8"))))]),
);

const plural = /_(zero|one|two|few|many|other)$/;
const stem = (key) => key.replace(plural, "");
const has = (language, key) => languages[language].has(key) || languages[language].has(`${key}_other`);
const slots = (words) => [...words.matchAll(/\{\{\s*(\w+)/g)].map((match) => match[1]).filter((name) => name !== "count").sort().join();

for (const entry of readdirSync(sources, { recursive: true })) {
  if (/\.tsx?$/.test(entry) && !entry.endsWith(".d.ts")) look(join(sources, entry));
}

const stems = new Set(Object.values(languages).flatMap((keys) => [...keys.keys()].map(stem)));
for (const [language, keys] of Object.entries(languages)) {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  for (const key of stems) {
    if (!has(language, key)) found.push(`${language}.json: no ${key}`);
    else if (keys.has(`${key}_other`)) for (const form of forms) if (!keys.has(`${key}_${form}`)) found.push(`${language}.json: no ${key}_${form}`);
  }
  for (const [key, words] of keys) {
    const form = plural.exec(key)?.[1];
    if (form && !forms.includes(form)) found.push(`${language}.json: ${key} is a form that the language has not`);
    const english = languages.en.get(key) ?? languages.en.get(`${stem(key)}_other`) ?? "";
    if (slots(words) !== slots(english)) found.push(`${language}.json: ${key} has other {{slots}} than English`);
    if (words.trim() === "") found.push(`${language}.json: ${key} is empty`);
  }
}
for (const key of stems) {
  if (!literals.has(key) && ![...prefixes].some((prefix) => prefix.includes(".") && key.startsWith(prefix))) found.push(`en.json: nobody looks ${key} up`);
}

if (found.length > 0) {
  console.error(found.join("\n"));
  process.exit(1);
}
