// The plane of the plot: two of the three measures are its axes, the third is
// shown by colour and size.

const firstAxes = "stopped-broken";
const planes = {
  "stopped-broken": { x: "broken", y: "stopped", third: "cost" },
  "stopped-cost": { x: "cost", y: "stopped", third: "broken" },
  "broken-cost": { x: "cost", y: "broken", third: "stopped" },
};

const plot = { width: 560, height: 330, left: 46, right: 14, top: 14, bottom: 40 };

/** Classes of the third measure: each has a colour and a size. */
const levels = 5;

/** A value of a measure as text. */
function amount(measure, value) {
  return measure === "cost" ? `${micros(value)} µs` : number(value);
}

/** Places for values, given the largest of each measure. */
function scaleOf(axes, most) {
  const { x, y, third } = planes[axes];
  const share = (measure, value) => value / Math.max(1, most[measure] * 1.04);
  return {
    x: (point) => plot.left + share(x, point[x]) * (plot.width - plot.left - plot.right),
    y: (point) => plot.height - plot.bottom - share(y, point[y]) * (plot.height - plot.top - plot.bottom),
    level: (point) => Math.min(levels - 1, Math.floor((levels * point[third]) / Math.max(1, most.third))),
  };
}

/** Round values from 0 to at most the largest. */
function ticks(measure, most) {
  const unit = measure === "cost" ? 1000 : 1;
  const rough = most / unit / 5;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) * unit;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, at) => at * step);
}

/** The grid with its numbers and names. */
function grid(axes, most, scale) {
  const { x, y } = planes[axes];
  const right = plot.width - plot.right;
  const floor = plot.height - plot.bottom;
  const parts = [];
  const label = (measure, value) => number(measure === "cost" ? value / 1000 : value);
  for (const value of ticks(y, most[y])) {
    const at = scale.y({ [y]: value });
    parts.push(draw("path", { class: "grid", d: `M${plot.left} ${at}H${right}` }));
    parts.push(draw("text", { x: plot.left - 6, y: at + 4, "text-anchor": "end" }, label(y, value)));
  }
  for (const value of ticks(x, most[x])) {
    const at = scale.x({ [x]: value });
    parts.push(draw("path", { class: "grid", d: `M${at} ${plot.top}V${floor}` }));
    parts.push(draw("text", { x: at, y: floor + 15, "text-anchor": "middle" }, label(x, value)));
  }
  parts.push(draw("text", { x: right, y: plot.height - 6, "text-anchor": "end", class: "axis" }, `${say(`axis-${x}`)} →`));
  parts.push(draw("text", { x: plot.left + 5, y: plot.top + 10, class: "axis" }, `↑ ${say(`axis-${y}`)}`));
  return parts;
}

/** Points of a plane with attacks stopped upward, joined as stairs: between two
 * of them the lower one is the best. */
function stairs(points, scale, name) {
  if (points.length === 0) return [];
  const path = points.map((point, at) =>
    at === 0 ? `M${scale.x(point)} ${scale.y(point)}` : `H${scale.x(point)}V${scale.y(point)}`,
  );
  return [draw("path", { class: name, d: `${path.join("")}H${plot.width - plot.right}` })];
}

/** What the colours and sizes stand for. */
function key(axes, most) {
  const { third } = planes[axes];
  const entries = Array.from({ length: levels }, (_, level) => {
    const from = (most.third * level) / levels;
    const to = (most.third * (level + 1)) / levels;
    const words = { from: amount(third, Math.ceil(from)), to: amount(third, Math.ceil(to)) };
    const dot = draw("circle", { class: `point level-${level}`, cx: 8, cy: 8, r: radius(level) });
    const picture = draw("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, dot);
    return make("li", {}, picture, say(level === levels - 1 ? "level-last" : "level", words));
  });
  return [make("span", {}, say(`axis-${third}`)), make("ul", {}, ...entries)];
}

function radius(level) {
  return 2.4 + 0.8 * level;
}
