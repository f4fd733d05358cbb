// Checks the words of the pages: that each is looked up (no text or label is written into JSX), that each key that is looked up
// exists and each that exists is looked up, that every language has every key, in its own plural forms, with the same {{slots}},
// and in its own words. --self-test plants one of each fault, and fails where it is not found.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const sources = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..", "src");

// The same in every language: names.
const names = new Set(["Postroom", "Microsoft 365 US Government GCC High", "Microsoft 365 US Government DoD"]);
const shown = new Set(["label", "title", "aria-label", "placeholder", "alt", "hint", "empty", "words", "submit", "question", "head", "warning"]);

const plural = /_(zero|one|two|few|many|other)$/;
const stem = (key) => key.replace(plural, "");
const has = (keys, key) => keys.has(key) || keys.has(`${key}_other`);
const slots = (words) => [...words.matchAll(/\{\{\s*(\w+)/g)].map((match) => match[1]).filter((name) => name !== "count").sort().join();
const flat = (tree, prefix = "") =>
  Object.entries(tree).flatMap(([key, value]) => (typeof value === "string" ? [[prefix + key, value]] : flat(value, `${prefix}${key}.`)));
const isWord = (words) => /\p{L}/u.test(words) && !names.has(words.trim());

/** The words that an expression may come to, without those of calls such as t(). */
function wordsOf(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node];
  if (ts.isTemplateExpression(node)) return [node.head, ...node.templateSpans.flatMap((span) => [span.literal, ...wordsOf(span.expression)])];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return wordsOf(node.expression);
  if (ts.isConditionalExpression(node)) return [...wordsOf(node.whenTrue), ...wordsOf(node.whenFalse)];
  if (ts.isBinaryExpression(node) && /^(\|\||&&|\?\?|\+)$/.test(node.operatorToken.getText())) return [...wordsOf(node.left), ...wordsOf(node.right)];
  return [];
}

/** Complaints about one file; what it may look up goes into `used`. */
function look(name, text, english, used) {
  const found = [];
  const tree = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const complain = (node, what) => found.push(`${name}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);
  const written = (expression, where) => {
    for (const each of wordsOf(expression)) if (isWord(each.text)) complain(each, `${where}: ${JSON.stringify(each.text.trim())}; use t()`);
  };
  const visit = (node) => {
    if (ts.isJsxText(node) && isWord(node.text)) complain(node, `text in JSX: ${JSON.stringify(node.text.trim())}; use t()`);
    if (ts.isJsxExpression(node) && node.expression && !ts.isJsxAttribute(node.parent)) written(node.expression, "text in JSX");
    if (ts.isJsxAttribute(node) && shown.has(node.name.getText()) && node.initializer) {
      const value = ts.isJsxExpression(node.initializer) ? node.initializer.expression : node.initializer;
      if (value) written(value, node.name.getText());
    }
    if (ts.isPropertyAssignment(node) && shown.has(node.name.getText())) written(node.initializer, node.name.getText());
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) used.literals.add(node.text);
    if (ts.isTemplateExpression(node)) used.prefixes.add(node.head.text);
    if (ts.isCallExpression(node) && node.expression.getText() === "t" && node.arguments[0]) {
      for (const key of wordsOf(node.arguments[0])) if (!ts.isTemplateHead(key) && !ts.isTemplateMiddleOrTemplateTail(key) && !has(english, key.text)) complain(key, `no such key: ${key.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** Complaints about the catalogues: { language: its JSON }. */
function compare(catalogues, used) {
  const found = [];
  const languages = Object.fromEntries(Object.entries(catalogues).map(([language, tree]) => [language, new Map(flat(tree))]));
  const stems = new Set(Object.values(languages).flatMap((keys) => [...keys.keys()].map(stem)));
  for (const [language, keys] of Object.entries(languages)) {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const key of stems) {
      if (!has(keys, key)) found.push(`${language}.json: no ${key}`);
      else if (has(languages.en, key) && keys.has(key) !== languages.en.has(key)) found.push(`${language}.json: ${key} has plural forms in one language, and none in the other`);
      else if (keys.has(`${key}_other`)) for (const form of forms) if (!keys.has(`${key}_${form}`)) found.push(`${language}.json: no ${key}_${form}`);
    }
    for (const [key, words] of keys) {
      const form = plural.exec(key)?.[1];
      if (form && !forms.includes(form)) found.push(`${language}.json: ${key} is a form that the language has not`);
      const english = languages.en.get(key) ?? languages.en.get(`${stem(key)}_other`) ?? "";
      if (slots(words) !== slots(english)) found.push(`${language}.json: ${key} has other {{slots}} than English`);
      if (words.trim() === "") found.push(`${language}.json: ${key} is empty`);
      if (language !== "en" && words === english && words.replace(/\{\{.*?\}\}/g, "").trim().split(/\s+/).length > 2 && !names.has(words)) found.push(`${language}.json: ${key} is English`);
    }
  }
  for (const key of stems) {
    if (!used.literals.has(key) && ![...used.prefixes].some((prefix) => prefix.includes(".") && key.startsWith(prefix))) found.push(`en.json: nobody looks ${key} up`);
  }
  return found;
}

function lint() {
  const catalogues = Object.fromEntries(
    readdirSync(join(sources, "i18n")).filter((name) => name.endsWith(".json")).map((name) => [name.slice(0, -5), JSON.parse(readFileSync(join(sources, "i18n", name), "utf8"))]),
  );
  const english = new Map(flat(catalogues.en));
  const used = { literals: new Set(), prefixes: new Set() };
  const files = readdirSync(sources, { recursive: true }).filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"));
  return [...files.flatMap((name) => look(`src/${name}`, readFileSync(join(sources, name), "utf8"), english, used)), ...compare(catalogues, used)];
}

function selfTest() {
  const en = { a: "Close the case", n_one: "one {{name}}", n_other: "{{count}} {{name}}" };
  const fr = { a: "Clore le dossier", n_one: "un {{name}}", n_many: "{{count}} de {{name}}", n_other: "{{count}} {{name}}" };
  const sound = 'const x = <p title={t("a")} className="wide">{t("n", { count: 2 })} {busy ? t("a") : "–"} Postroom</p>';
  const planted = [
    [sound, {}, null],
    [`${sound}; <p>Close</p>`, {}, "text in JSX"],
    [`${sound}; <p>{"Close"}</p>`, {}, "text in JSX"],
    [`${sound}; <p>{busy ? t("a") : "Close"}</p>`, {}, "text in JSX"],
    [`${sound}; <p>{busy && \`Close \${it}\`}</p>`, {}, "text in JSX"],
    [`${sound}; <p title="Close" />`, {}, "title"],
    [`${sound}; <p aria-label={\`\${it} is closed\`} />`, {}, "aria-label"],
    [`${sound}; const columns = [{ head: "Close" }]`, {}, "head"],
    [`${sound}; t("b")`, {}, "no such key: b"],
    [`${sound}; t(busy ? "a" : "b")`, {}, "no such key: b"],
    ['t("a")', {}, "nobody looks n up"],
    [sound, { fr: { ...fr, a: undefined } }, "fr.json: no a"],
    [sound, { fr: { ...fr, n_many: undefined } }, "fr.json: no n_many"],
    [sound, { en: { ...en, n_few: "few {{name}}" } }, "en.json: n_few is a form"],
    [sound, { fr: { ...fr, a: "Clore {{name}}" } }, "other {{slots}}"],
    [sound, { fr: { ...fr, a: " " } }, "is empty"],
    [sound, { fr: { ...fr, a: "Close the case" } }, "is English"],
    [sound, { fr: { a: fr.a, n: "{{name}}" } }, "plural forms in one language"],
    [sound, { fr: { ...fr, old: "Vieux" } }, "en.json: no old"],
  ];
  for (const [source, change, expected] of planted) {
    const catalogues = JSON.parse(JSON.stringify({ en, fr, ...change }));
    const used = { literals: new Set(), prefixes: new Set() };
    const said = [...look("planted.tsx", source, new Map(flat(catalogues.en)), used), ...compare(catalogues, used)];
    const right = expected === null ? said.length === 0 : said.some((each) => each.includes(expected));
    if (!right) throw new Error(`of ${source} with ${JSON.stringify(change)} it said ${JSON.stringify(said)}, not ${expected}`);
  }
}

if (process.argv.includes("--self-test")) selfTest();
else {
  const found = lint();
  if (found.length > 0) {
    console.error(found.join("\n"));
    process.exit(1);
  }
}
