// The best that any rule set reaches, the sets with names, and where the chosen
// set stands, before and after the last change; all for the cases of the filter.

/** Puts the plot into an element; `actions.take(on)` chooses a set. */
function pareto(place, actions) {
  const choose = make(
    "select",
    { id: "axes", "aria-describedby": "axes-why", onchange: () => actions.axes(choose.value) },
    ...Object.keys(planes).map((axes) => make("option", { value: axes }, say(`axes-${axes}`))),
  );
  const why = make("span", { class: "note", id: "axes-why" });
  const picture = draw("svg", { viewBox: `0 0 ${plot.width} ${plot.height}`, role: "img" });
  const colours = make("div", { class: "note levels" });
  const caption = make("p", { class: "note caption" });
  const legend = make("p", { class: "note legend" });
  const list = make("details", { class: "table" });
  place.append(
    make("p", { class: "tools" }, make("label", {}, say("axes"), " ", choose), " ", why),
    picture,
    colours,
    caption,
    legend,
    list,
  );
  let drawn = null;
  let before = null;

  /** The largest value of each measure, and of the third among the points. */
  function mostOf(axes, view, selection, points, named) {
    const all = [...points, ...named];
    const largest = (measure, of) => Math.max(1, ...of.map((point) => point[measure]));
    const hurt = selection.starts.places.filter((at) => view.cases[at].stops.length > 0);
    return {
      stopped: Math.max(1, selection.attacks.places.length),
      broken: Math.max(hurt.length, largest("broken", all)),
      cost: Math.max(largest("cost", all), (view.prices_ns ?? []).reduce((sum, ns) => sum + ns, 0)),
      third: largest(planes[axes].third, points),
    };
  }

  function dot(point, scale, priced, view) {
    const level = priced ? scale.level(point) : null;
    return draw(
      "circle",
      {
        class: priced ? `point level-${level}` : "point",
        cx: scale.x(point),
        cy: scale.y(point),
        r: priced ? radius(level) : 3,
        "data-stopped": point.stopped,
        "data-broken": point.broken,
        "data-cost": point.cost,
        onclick: () => actions.take(point.on),
      },
      draw("title", {}, pointText(point, view)),
    );
  }

  function presets(named, scale) {
    const marks = named.map((one) => ({ ...one, x: scale.x(one), y: scale.y(one) }));
    // Boxes that a label must not cover: other labels, and the squares.
    const taken = marks.map((one) => ({ left: one.x - 6, right: one.x + 6, top: one.y - 6, bottom: one.y + 6 }));
    const free = (box) =>
      box.left > plot.left &&
      box.right < plot.width &&
      taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom);
    return marks.map(({ name, on, stopped, broken, cost, x: left, y: top }) => {
      const width = name.length * 6.5;
      const places = [4, 16, -8, 28, -20].flatMap((down) => [
        { anchor: "start", x: left + 9, y: top + down },
        { anchor: "end", x: left - 9, y: top + down },
      ]);
      const boxOf = ({ anchor, x: at, y: base }) => {
        const from = anchor === "start" ? at : at - width;
        return { left: from, right: from + width, top: base - 9, bottom: base + 3 };
      };
      const label = places.find((one) => free(boxOf(one))) ?? places[0];
      taken.push(boxOf(label));
      return draw(
        "g",
        {
          class: "preset",
          "data-name": name,
          "data-stopped": stopped,
          "data-broken": broken,
          "data-cost": cost,
          onclick: () => actions.take(on),
        },
        draw("rect", { x: left - 4, y: top - 4, width: 8, height: 8 }),
        draw("text", { x: label.x, y: label.y, "text-anchor": label.anchor }, name),
      );
    });
  }

  function pointText(point, view) {
    const words = {
      stopped: number(point.stopped),
      broken: number(point.broken),
      rules: number(point.on.reduce((sum, is) => sum + is, 0)),
    };
    return view.prices_ns ? say("point-cost", { ...words, cost: amount("cost", point.cost) }) : say("point", words);
  }

  function table(points, view) {
    const measures = ["stopped", "broken", ...(view.prices_ns ? ["cost"] : [])];
    const head = (key) => make("th", { scope: "col", class: "number" }, say(key));
    const cell = (text) => make("td", { class: "number" }, text);
    const rows = points.map((point) =>
      make(
        "tr",
        {},
        ...measures.map((measure) => cell(amount(measure, point[measure]))),
        cell(number(point.on.reduce((sum, is) => sum + is, 0))),
        make(
          "td",
          {},
          make(
            "button",
            {
              type: "button",
              "aria-label": `${say("take")}: ${pointText(point, view)}`,
              onclick: () => actions.take(point.on),
            },
            say("take"),
          ),
        ),
      ),
    );
    const text = say("front-table", { n: number(points.length) });
    list.replaceChildren(
      make("summary", {}, text),
      make(
        "table",
        {},
        make("caption", { class: "hidden" }, text),
        make("thead", {}, make("tr", {}, ...measures.map(head), head("rules"), make("td", {}))),
        make("tbody", {}, ...rows),
      ),
    );
  }

  /** What is counted, and where it comes from. */
  function captionOf(view, { attacks, starts, narrowed }, filter) {
    const parts = [attacks, starts].map(({ places, all }) => [number(places.length), number(all)]);
    const [[attacked, allAttacks], [started, allStarts]] = parts;
    const words = { attacks: attacked, "all-attacks": allAttacks, starts: started, "all-starts": allStarts };
    const chosen = Object.entries(filter)
      .filter(([name, value]) => value && name !== "kind")
      .map(([name, value]) => `${say(`filter-${name}`)} ${value}`);
    const filtered = chosen.length > 0;
    return [
      say(narrowed ? "caption-filtered" : "caption", { ...words, filter: chosen.join(", ") }),
      filtered && !narrowed ? say("caption-all", { filter: chosen.join(", ") }) : "",
      say("caption-run", { run: data.run, view: view.name }),
      view.prices_ns ? say("caption-bench", { bench: data.bench }) : "",
    ]
      .filter(Boolean)
      .join(" ");
  }

  function legendOf(axes, view, fronts) {
    const parts = [];
    if (!fronts.exact || (view.prices_ns && !fronts.cost)) parts.push(say("legend-inexact"));
    else if (axes !== "broken-cost") parts.push(say(fronts.own ? "legend-solid" : "legend-counted"));
    else if (fronts.own) parts.push(say("legend-through"));
    if (axes === firstAxes) parts.push(say(fronts.own ? "legend-dashed" : "legend-dashed-counted"));
    if (fronts.cost) parts.push(say(fronts.own ? "legend-cost" : "legend-cost-counted"));
    parts.push(say("legend-use"));
    return parts.join(" ");
  }

  function base(state, view, axes) {
    const selection = selectionOf(view, state.filter);
    const compute = scorer(view, selection.places);
    const fronts = frontsOf(view, selection, state.filter, compute);
    const priced = Boolean(fronts.cost);
    const points = fronts.cost ?? fronts.front;
    const named = data.presets.map(({ name, rules }) => ({ ...valued(view, rulesOf(rules), compute), name }));
    const most = mostOf(axes, view, selection, [...points, ...fronts.suexec], named);
    most.third = mostOf(axes, view, selection, points, []).third;
    const scale = scaleOf(axes, most);
    // What is best in the plane alone is best in all three measures too, but
    // to stop nothing is best of all where security is no axis.
    const line = axes === "broken-cost" ? [] : best(points, [planes[axes].x, planes[axes].y]);
    line.sort((one, other) => one[planes[axes].x] - other[planes[axes].x]);
    const moving = draw("g", {});
    // The small ones last, so that they lie on the large ones.
    const dots = points.map((point) => dot(point, scale, priced, view));
    if (priced) dots.sort((one, other) => other.getAttribute("r") - one.getAttribute("r"));
    picture.replaceChildren(
      ...grid(axes, most, scale),
      ...(axes === firstAxes ? stairs(fronts.suexec, scale, "front suexec") : []),
      ...stairs(line, scale, fronts.own ? "front" : "front counted"),
      ...dots,
      ...presets(named, scale),
      moving,
    );
    colours.replaceChildren(...(priced ? key(axes, most) : []));
    colours.hidden = !priced;
    caption.textContent = captionOf(view, selection, state.filter);
    legend.textContent = legendOf(axes, view, fronts);
    table(line.length > 0 ? line : points, view);
    return { scale, moving, compute, selection };
  }

  return function show(state) {
    const view = scoredViews[state.view];
    const axes = view.prices_ns ? state.axes : firstAxes;
    choose.disabled = !view.prices_ns;
    choose.value = axes;
    why.textContent = view.prices_ns ? "" : say(view.costs_ns ? "cost-indistinct" : "axes-need-bench", { run: data.run });
    const what = JSON.stringify([state.view, axes, state.filter]);
    if (drawn?.what !== what) {
      drawn = { what, ...base(state, view, axes) };
      before = null;
    }
    const { scale, selection } = drawn;
    const score = drawn.compute(state.on);
    const value = valued(view, state.on, () => score);
    const now = { x: scale.x(value), y: scale.y(value) };
    const parts = [];
    const seen = new Set();
    for (let rule = 0; rule < state.on.length; rule += 1) {
      const price = view.prices_ns?.[rule] ?? 0;
      const near = {
        stopped: value.stopped + score.attackChange[rule],
        broken: value.broken + score.startChange[rule],
        cost: value.cost + (state.on[rule] ? -price : price),
      };
      const at = { x: scale.x(near), y: scale.y(near) };
      if ((at.x === now.x && at.y === now.y) || seen.has(`${at.x} ${at.y}`)) continue;
      seen.add(`${at.x} ${at.y}`);
      parts.push(draw("circle", { class: "near", cx: at.x, cy: at.y, r: 2 }));
    }
    if (before && (before.x !== now.x || before.y !== now.y)) {
      parts.push(draw("path", { class: "moved", d: `M${before.x} ${before.y}L${now.x} ${now.y}` }));
    }
    parts.push(draw("path", { class: "cross", d: `M${plot.left} ${now.y}H${now.x}V${plot.height - plot.bottom}` }));
    parts.push(
      draw("circle", {
        class: "now",
        cx: now.x,
        cy: now.y,
        r: 7,
        "data-stopped": value.stopped,
        "data-broken": value.broken,
        "data-cost": value.cost,
      }),
    );
    drawn.moving.replaceChildren(...parts);
    const words = {
      stopped: number(value.stopped),
      attacks: number(selection.attacks.places.length),
      broken: number(value.broken),
      starts: number(selection.starts.places.length),
    };
    picture.setAttribute(
      "aria-label",
      view.prices_ns ? say("plot-cost", { ...words, cost: amount("cost", value.cost) }) : say("plot", words),
    );
    before = now;
  };
}
