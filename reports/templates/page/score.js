// What follows from a rule set. A case is stopped (or broken) when the set
// holds a rule that alone stops it: exact for every set, since rules do not
// depend on each other.

/** Prepares a view. Returns what computes the score of a rule set. */
function scorer(view) {
  const counted = [];
  view.cases.forEach((seen, place) => {
    if (seen.demonstrated) counted.push({ place, attack: data.cases[place].attack, seen });
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
 * `missing`: how many of them it did not measure. */
function costOf(view, on) {
  if (!view.costs_ns) return null;
  const cost = { ns: 0, missing: 0 };
  view.costs_ns.forEach((ns, rule) => {
    if (!on[rule]) return;
    if (ns === null) cost.missing += 1;
    else cost.ns += ns;
  });
  return cost;
}
