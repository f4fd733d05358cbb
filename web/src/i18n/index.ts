// The languages of the pages. A new one is a JSON file beside this one and a line in `languages`.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import ar from "./ar.json";
import en from "./en.json";
import fr from "./fr.json";
import nl from "./nl.json";
import ptBR from "./pt-BR.json";

export const languages = [
  { code: "en", name: "English", dir: "ltr" },
  { code: "fr", name: "Français", dir: "ltr" },
  { code: "nl", name: "Nederlands", dir: "ltr" },
  { code: "pt-BR", name: "Português (Brasil)", dir: "ltr" },
  { code: "ar", name: "العربية", dir: "rtl" },
] as const;

export type Language = (typeof languages)[number];

const remembered = "postroom.language";

/** The language of that code, or of the same tongue: fr-CA is served by fr, pt by pt-BR. */
function nearest(code: string): Language | undefined {
  const tongue = code.split("-")[0];
  return languages.find((each) => each.code === code) ?? languages.find((each) => each.code.split("-")[0] === tongue);
}

export function languageOf(code: string): Language {
  return nearest(code) ?? languages[0];
}

function preferred(): Language {
  for (const code of [localStorage.getItem(remembered), ...navigator.languages]) {
    const found = code === null ? undefined : nearest(code);
    if (found) return found;
  }
  return languages[0];
}

function tell(code: string): void {
  document.documentElement.lang = code;
  document.documentElement.dir = languageOf(code).dir;
}

export function chooseLanguage(code: string): void {
  localStorage.setItem(remembered, code);
  void i18next.changeLanguage(code);
}

i18next.on("languageChanged", tell);
await i18next.use(initReactI18next).init({
  resources: { en: { translation: en }, fr: { translation: fr }, nl: { translation: nl }, "pt-BR": { translation: ptBR }, ar: { translation: ar } },
  lng: preferred().code,
  fallbackLng: "en",
  interpolation: { escapeValue: false },
  returnNull: false,
});
tell(i18next.language);
