// What people type into To and Cc: addresses between commas, semicolons or lines, of which quoted names may contain both.
export function addresses(typed: string): string[] {
  return (typed.match(/(?:"[^"]*"|[^",;\n])+/g) ?? []).map((each) => each.trim()).filter((each) => each !== "");
}
