// Which cases the plot counts, and the best rule sets for them. The filter
// chooses; where it leaves no attack (or no legitimate start), it says nothing
// about them, and all of them count: an attacker is no attribute of a start.
// Which of the two lists is shown changes nothing here.

/** The cases of a view that count under a filter. */
function selectionOf(view, filter) {
  const part = (attack) => {
    const all = view.cases
      .map((_, place) => place)
      .filter((place) => view.cases[place].demonstrated && data.cases[place].attack === attack);
    const own = all.filter((place) => passes(place, { ...filter, kind: "" }));
    return { places: own.length === 0 ? all : own, all: all.length };
  };
  const [attacks, starts] = [part(true), part(false)];
  return {
    attacks,
    starts,
    places: new Set([...attacks.places, ...starts.places]),
    narrowed: attacks.places.length < attacks.all || starts.places.length < starts.all,
  };
}

/**
 * The best rule sets for a selection: over all rules, over suEXEC's, and with
 * cost as a third measure (`null` without prices). `own`: whether they were
 * searched for just these cases; otherwise they are the best sets over all
 * cases, counted for these, less those than which another one of them is better.
 */
function frontsOf(view, selection, filter, compute) {
  const fits = (one) => one.attacker === filter.attacker && one.family === filter.family;
  const plain = !filter.source && !filter.text;
  const found = selection.narrowed ? plain && view.fronts.find(fits) : view.fronts[0];
  const { front, front_suexec, front_cost, exact } = found || view.fronts[0];
  const point = ([stopped, broken, cost, bits]) => ({ stopped, broken, cost, on: fromBits(bits) });
  const points = (list) => list && list.map(point);
  const fronts = { front: points(front), suexec: points(front_suexec), cost: points(front_cost), exact, own: Boolean(found) };
  if (found) return fronts;
  const again = (list, measures) =>
    list && best(list.map(({ on }) => valued(view, on, compute)), measures);
  return {
    ...fronts,
    front: again(fronts.front, ["stopped", "broken"]),
    suexec: again(fronts.suexec, ["stopped", "broken"]),
    cost: again(fronts.cost, ["stopped", "broken", "cost"]),
  };
}

/** A set with what it comes to. */
function valued(view, on, compute) {
  const { stopped, broken } = compute(on);
  return { stopped, broken, cost: costOf(view, on)?.ns ?? 0, on };
}

/** Of points those than which no other one is better by these measures; of equal
 * ones the best by the other measures. The best by the first measure first. */
function best(points, measures) {
  const merit = (point, measure) => (measure === "stopped" ? point.stopped : -point[measure]);
  const all = [...measures, "stopped", "broken", "cost"];
  // One that is better than another comes before it.
  const order = (one, other) =>
    all.reduce((sofar, measure) => sofar || merit(other, measure) - merit(one, measure), 0);
  const kept = [];
  for (const point of [...points].sort(order)) {
    const beaten = kept.some((other) =>
      measures.every((measure) => merit(other, measure) >= merit(point, measure)),
    );
    if (!beaten) kept.push(point);
  }
  return kept;
}
