// What follows from a rule set. A case is stopped (or broken) when the set
// holds a rule that alone stops it: exact for every set, since rules do not
// depend on each other.

/** Prepares a view, or of its cases those in `places`. Returns what computes
 * the score of a rule set. */
function scorer(view, places = null) {
  const counted = [];
  view.cases.forEach((seen, place) => {
    if (seen.demonstrated && (!places || places.has(place))) counted.push({ place, attack: data.cases[place].attack, seen });
  });
  const attacks = counted.filter((one) => one.attack).length;

  /**
   * The score of the rules that are on (a byte for each rule).
   * `hits`: for each case, how many rules of the set stop it.
   * `attackChange`, `startChange`: for each rule, how many more attacks would
   * be stopped (legitimate starts be broken) if it were switched now.
   */
  return function score(on) {
    const result = {
      attacks,
      starts: counted.length - attacks,
      stopped: 0,
      broken: 0,
      hits: new Int32Array(data.cases.length),
      attackChange: new Int32Array(on.length),
      startChange: new Int32Array(on.length),
    };
    for (const { place, attack, seen } of counted) {
      const change = attack ? result.attackChange : result.startChange;
      let hits = 0;
      let sole = -1;
      for (const rule of seen.stops) {
        if (on[rule]) {
          hits += 1;
          sole = rule;
        }
      }
      result.hits[place] = hits;
      if (hits === 0) for (const rule of seen.stops) change[rule] += 1;
      if (hits === 1) change[sole] -= 1;
      if (hits > 0 && attack) result.stopped += 1;
      if (hits > 0 && !attack) result.broken += 1;
    }
    return result;
  };
}

/** How long real starts took with just these rules, if the run tried them. */
function durationOf(view, on) {
  return view.durations.find((one) => sameRules(rulesOf(one.rules), on)) ?? null;
}

/** What the rules add to a start together, in nanoseconds, from a benchmark;
 * `null` without prices. `missing`: how many of them it did not measure. */
function costOf(view, on) {
  if (!view.prices_ns) return null;
  const cost = { ns: 0, missing: 0 };
  on.forEach((is, rule) => {
    if (!is) return;
    cost.ns += view.prices_ns[rule];
    if (view.costs_ns[rule] === null) cost.missing += 1;
  });
  return cost;
}
