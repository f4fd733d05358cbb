// Random choices that a seed repeats. Every fault draws from a stream of its own, known by its name: when one of them comes a little
// earlier than last time, the others choose what they chose.

/** mulberry32: fractions from 0 to 1. */
function fractions(state) {
  return () => {
    state = (state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FNV-1a, so that streams with names that are alike begin far from each other. */
function hash(text) {
  let value = 0x811C9DC5;
  for (const each of Buffer.from(text)) value = Math.imul(value ^ each, 0x01000193);
  return value;
}

/** The streams of one seed: `seeded(7)('kill')`. */
export function seeded(seed) {
  return (name) => {
    const fraction = fractions(hash(`${seed}/${name}`));
    const between = (low, high) => low + Math.floor(fraction() * (high - low + 1));
    return {
      fraction,
      /** A whole number; both ends may come. */
      between,
      /** As often small as large: each order of magnitude has the same chance. */
      magnitude: (low, high) => Math.round(low * (high / low) ** fraction()),
      chance: (probability) => fraction() < probability,
      pick: (list) => list[between(0, list.length - 1)],
      /** `weighted({ cut: 3, stall: 1 })` */
      weighted: (weights) => {
        let left = fraction() * Object.values(weights).reduce((sum, each) => sum + each, 0);
        return Object.keys(weights).find((each) => (left -= weights[each]) < 0);
      },
    };
  };
}
