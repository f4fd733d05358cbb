// Text of strangers among our words. A name from right to left must not shuffle the line that it stands in, and nobody may turn
// around what is read: "invoice U+202E fdp.exe" shows as "invoice exe.pdf".

/** Without controls of direction (UAX #9); an override, which no honest text needs, shows as U+FFFD. */
export function tame(text: string): string {
  return text.replace(/[\u202d\u202e]/g, "\ufffd").replace(/[\u202a-\u202c\u2066-\u2069]/g, "");
}

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** For where no element can be, such as a title or a label: isolated where its direction may be another than that of the words around it. */
export function isolated(text: string, among: "ltr" | "rtl"): string {
  const tamed = tame(text);
  return tamed !== "" && (among === "rtl" || rightToLeft.test(tamed)) ? `\u2068${tamed}\u2069` : tamed;
}
