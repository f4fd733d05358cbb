// The languages of the pages. A new one is a JSON file beside this one and a line in `spoken`. ?lang=… chooses one for this tab.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import ar from "./ar.json";
import { isolated } from "./bidi";
import en from "./en.json";
import fr from "./fr.json";
import nl from "./nl.json";
import { every, mirrored, pseudo } from "./pseudo";
import ptBR from "./pt-BR.json";

const spoken = [
  { code: "en", name: "English", dir: "ltr", words: en },
  { code: "fr", name: "Français", dir: "ltr", words: fr },
  { code: "nl", name: "Nederlands", dir: "ltr", words: nl },
  { code: "pt-BR", name: "Português (Brasil)", dir: "ltr", words: ptBR },
  { code: "ar", name: "العربية", dir: "rtl", words: ar },
] as const;

// As languages of no country (CLDR's XA and XB), so that plurals, numbers and dates are English ones.
const unspoken = [
  { code: "en-XA", name: "⟦Pseudo⟧", dir: "ltr", words: every(en, pseudo) },
  { code: "en-XB", name: "⟦oduesP⟧", dir: "rtl", words: every(en, mirrored) },
] as const;
const aliases: Record<string, string> = { qps: "en-XA", "qps-rtl": "en-XB" };

const all = [...spoken, ...unspoken];
export const languages = import.meta.env.DEV ? all : spoken;

export type Language = (typeof all)[number];

const remembered = "postroom.language";

/** The language of that code, or of the same tongue: fr-CA is served by fr, pt by pt-BR. */
function nearest(code: string): Language | undefined {
  const tongue = code.split("-")[0];
  return all.find((each) => each.code === code) ?? spoken.find((each) => each.code.split("-")[0] === tongue);
}

export function languageOf(code: string): Language {
  return nearest(code) ?? spoken[0];
}

/** What the server is asked to speak; it has a language of brackets, too. */
export const serversLanguage = () => (spoken.some((each) => each.code === i18next.language) ? i18next.language : "qps");

function preferred(): Language {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked !== null) sessionStorage.setItem(remembered, aliases[asked] ?? asked);
  for (const code of [sessionStorage.getItem(remembered), localStorage.getItem(remembered), ...navigator.languages]) {
    const found = code === null ? undefined : nearest(code);
    if (found) return found;
  }
  return spoken[0];
}

function tell(code: string): void {
  document.documentElement.lang = code;
  document.documentElement.dir = languageOf(code).dir;
}

export function chooseLanguage(code: string): void {
  sessionStorage.removeItem(remembered);
  localStorage.setItem(remembered, code);
  void i18next.changeLanguage(code);
}

i18next.on("languageChanged", tell);
await i18next.use(initReactI18next).init({
  resources: Object.fromEntries(all.map((each) => [each.code, { translation: each.words }])),
  lng: preferred().code,
  fallbackLng: "en",
  // React escapes HTML; what a stranger's text could do to ours is turn it around.
  interpolation: { escape: (value: unknown) => isolated(String(value), languageOf(i18next.language).dir) },
  returnNull: false,
});
tell(i18next.language);
