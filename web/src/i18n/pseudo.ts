// Two languages that nobody speaks, for looking at pages: English with accents, longer by two fifths as translations are and between
// brackets, so that words which were not looked up, are clipped or are put together show at once; and the same from right to left.
type Words = { [key: string]: string | Words };

const accents: Record<string, string> = Object.fromEntries(
  [..."AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTtUuVvWwXxYyZz"].map((letter, at) => [letter, [..."ÅåƁƀÇçÐðÉéƑƒĜĝĤĥÎîĴĵĶķĻļṀṁÑñÖöÞþǪǫŔŕŠšŢţÛûṼṽŴŵẊẋÝýŽž"][at] ?? letter]),
);
const slot = /(\{\{.*?\}\})/;

const accented = (words: string) => [...words].map((letter) => (accents[letter] ?? letter).repeat(/[aeiou]/.test(letter) ? 2 : 1)).join("");

/** Brackets and accents; what is between {{ and }} stays. */
export function pseudo(words: string): string {
  return `⟦${words.split(slot).map((piece) => (slot.test(piece) ? piece : accented(piece))).join("")}⟧`;
}

/** Written backwards, as a language from right to left would be: right-to-left override, and its end. */
export const mirrored = (words: string) => `\u202e${pseudo(words)}\u202c`;

/** A whole catalogue; its keys stay. */
export function every(words: Words, change: (words: string) => string): Words {
  return Object.fromEntries(Object.entries(words).map(([key, value]) => [key, typeof value === "string" ? change(value) : every(value, change)]));
}
