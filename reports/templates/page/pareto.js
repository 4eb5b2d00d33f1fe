// Security against compatibility: the best that any rule set reaches, the sets
// with names, and where the chosen set stands, before and after the last change.

const plot = { width: 560, height: 330, left: 46, right: 14, top: 14, bottom: 40 };

/** Puts the plot into an element; `actions.choose(rules)` takes a set. */
function pareto(place, actions) {
  const picture = draw("svg", { viewBox: `0 0 ${plot.width} ${plot.height}`, role: "img" });
  const legend = make("p", { class: "note legend" });
  const list = make("details", { class: "table" });
  place.append(picture, legend, list);
  let drawn = null;
  let before = null;

  function axes(view, score) {
    const counts = [...view.front, ...view.front_suexec].map((point) => point.broken);
    const all = view.cases.filter((seen, at) => seen.demonstrated && !data.cases[at].attack);
    const worst = all.filter((seen) => seen.stops.length > 0).length;
    const most = Math.max(1, worst, ...counts);
    const x = (value) =>
      plot.left + (value / (most * 1.04)) * (plot.width - plot.left - plot.right);
    const y = (value) =>
      plot.height - plot.bottom - (value / Math.max(1, score.attacks * 1.04)) * (plot.height - plot.top - plot.bottom);
    return { x, y, most };
  }

  function ticks(most) {
    const rough = most / 5;
    const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
    const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
    return Array.from({ length: Math.floor(most / step) + 1 }, (_, at) => at * step);
  }

  function line(points, { x, y }, end, name) {
    if (points.length === 0) return [];
    let path = "";
    points.forEach((point, at) => {
      path += at === 0 ? `M${x(point.broken)} ${y(point.stopped)}` : `H${x(point.broken)}V${y(point.stopped)}`;
    });
    return [draw("path", { class: name, d: `${path}H${end}` })];
  }

  function base(view, score) {
    const scale = axes(view, score);
    const { x, y, most } = scale;
    const right = plot.width - plot.right;
    const floor = plot.height - plot.bottom;
    const parts = [];
    for (const value of ticks(score.attacks)) {
      parts.push(draw("path", { class: "grid", d: `M${plot.left} ${y(value)}H${right}` }));
      parts.push(draw("text", { x: plot.left - 6, y: y(value) + 4, "text-anchor": "end" }, number(value)));
    }
    for (const value of ticks(most)) {
      parts.push(draw("path", { class: "grid", d: `M${x(value)} ${plot.top}V${floor}` }));
      parts.push(draw("text", { x: x(value), y: floor + 15, "text-anchor": "middle" }, number(value)));
    }
    parts.push(draw("text", { x: right, y: plot.height - 6, "text-anchor": "end", class: "axis" }, `${say("axis-broken")} →`));
    parts.push(draw("text", { x: plot.left + 5, y: plot.top + 10, class: "axis" }, `↑ ${say("axis-stopped")}`));
    parts.push(...line(view.front_suexec, scale, right, "front suexec"));
    parts.push(...line(view.front, scale, right, "front"));
    return { parts, scale };
  }

  function presets(view, compute, { x, y }) {
    const marks = data.presets.map((preset) => {
      const score = compute(rulesOf(preset.rules));
      return { preset, x: x(score.broken), y: y(score.stopped) };
    });
    // Boxes that a label must not cover: other labels, and the squares.
    const taken = marks.map((one) => ({ left: one.x - 6, right: one.x + 6, top: one.y - 6, bottom: one.y + 6 }));
    const free = (box) =>
      box.left > plot.left &&
      box.right < plot.width &&
      taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom);
    return marks.map(({ preset, x: left, y: top }) => {
      const width = preset.name.length * 6.5;
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
        { class: "preset", onclick: () => actions.choose(preset.rules) },
        draw("rect", { x: left - 4, y: top - 4, width: 8, height: 8 }),
        draw("text", { x: label.x, y: label.y, "text-anchor": label.anchor }, preset.name),
      );
    });
  }

  function points(view, { x, y }) {
    return view.front.map((point) =>
      draw(
        "circle",
        {
          class: "point",
          cx: x(point.broken),
          cy: y(point.stopped),
          r: 3,
          onclick: () => actions.choose(point.rules),
        },
        draw("title", {}, pointText(point)),
      ),
    );
  }

  function pointText(point) {
    return say("point", {
      stopped: number(point.stopped),
      broken: number(point.broken),
      rules: number(point.rules.length),
    });
  }

  function table(view) {
    const head = (key) => make("th", { scope: "col", class: "number" }, say(key));
    const rows = view.front.map((point) => {
      return make(
        "tr",
        {},
        make("td", { class: "number" }, number(point.stopped)),
        make("td", { class: "number" }, number(point.broken)),
        make("td", { class: "number" }, number(point.rules.length)),
        make(
          "td",
          {},
          make(
            "button",
            {
              type: "button",
              "aria-label": `${say("take")}: ${pointText(point)}`,
              onclick: () => actions.choose(point.rules),
            },
            say("take"),
          ),
        ),
      );
    });
    list.replaceChildren(
      make("summary", {}, say("front-table", { n: number(view.front.length) })),
      make(
        "table",
        {},
        make("caption", { class: "hidden" }, say("front-table", { n: number(view.front.length) })),
        make(
          "thead",
          {},
          make("tr", {}, head("stopped"), head("broken"), head("rules"), make("td", {})),
        ),
        make("tbody", {}, ...rows),
      ),
    );
  }

  return function show(state, score, compute) {
    const view = scoredViews[state.view];
    if (drawn?.view !== view) {
      const { parts, scale } = base(view, score);
      const moving = draw("g", {});
      picture.replaceChildren(...parts, ...points(view, scale), ...presets(view, compute, scale), moving);
      legend.textContent = say(view.exact ? "legend" : "legend-inexact");
      table(view);
      drawn = { view, scale, moving };
      before = null;
    }
    const { x, y } = drawn.scale;
    const now = { x: x(score.broken), y: y(score.stopped) };
    const parts = [];
    const seen = new Set();
    for (let rule = 0; rule < state.on.length; rule += 1) {
      const [dx, dy] = [score.startChange[rule], score.attackChange[rule]];
      if ((dx === 0 && dy === 0) || seen.has(`${dx} ${dy}`)) continue;
      seen.add(`${dx} ${dy}`);
      parts.push(
        draw("circle", { class: "near", cx: x(score.broken + dx), cy: y(score.stopped + dy), r: 2 }),
      );
    }
    if (before && (before.x !== now.x || before.y !== now.y)) {
      parts.push(draw("path", { class: "moved", d: `M${before.x} ${before.y}L${now.x} ${now.y}` }));
    }
    parts.push(draw("path", { class: "cross", d: `M${plot.left} ${now.y}H${now.x}V${plot.height - plot.bottom}` }));
    parts.push(draw("circle", { class: "now", cx: now.x, cy: now.y, r: 7 }));
    drawn.moving.replaceChildren(...parts);
    picture.setAttribute(
      "aria-label",
      say("plot", {
        stopped: number(score.stopped),
        attacks: number(score.attacks),
        broken: number(score.broken),
        starts: number(score.starts),
      }),
    );
    before = now;
  };
}
