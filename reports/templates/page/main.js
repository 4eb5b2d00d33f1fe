// The parts together: one state, shown by all of them.

/** Milliseconds of quiet after which a state becomes an entry of the history,
 * and is announced: a burst of changes is one step back. */
const quiet = 350;

function explorer() {
  const root = document.getElementById("explorer");
  if (!root || scoredViews.length === 0) return;
  root.hidden = false;
  let state = stateOf(decoded());
  const scorers = scoredViews.map((view) => scorer(view));
  let waiting = null;

  const actions = {
    set(rules, on) {
      const next = state.on.slice();
      for (const rule of rules) next[rule] = on ? 1 : 0;
      change({ on: next });
    },
    policy: (policy) => change({ policy }),
    choose: (rules) => change({ on: rulesOf(rules) }),
    take: (on) => change({ on }),
    axes: (axes) => change({ axes }),
    open: (kind, name) => change({ open: { kind, name } }, true),
    close: () => change({ open: null }, true),
  };

  function change(what, atOnce = false) {
    state = { ...state, ...what };
    show();
    clearTimeout(waiting);
    const settle = () => {
      waiting = null;
      const fragment = `#${fragmentOf(state)}`;
      if (fragment !== location.hash) history.pushState(null, "", fragment);
      announce();
    };
    if (atOnce) settle();
    else waiting = setTimeout(settle, quiet);
  }

  function decoded() {
    return location.hash.slice(1);
  }

  function load() {
    const fragment = decoded();
    if (fragment !== "" && !fragment.includes("=")) return;
    clearTimeout(waiting);
    waiting = null;
    state = stateOf(fragment);
    show();
    announce();
  }
  addEventListener("popstate", load);
  addEventListener("hashchange", load);

  const viewInputs = scoredViews.map((view, place) => {
    const input = make("input", {
      type: "radio",
      name: "view",
      id: `view-${place}`,
      onchange: () => change({ view: place }),
    });
    document.getElementById("views").append(input, make("label", { for: input.id }, view.name));
    return input;
  });
  const presetButtons = data.presets.map((preset) => {
    const button = make(
      "button",
      { type: "button", "aria-pressed": "false", onclick: () => actions.choose(preset.rules) },
      id(preset.name),
    );
    document.getElementById("presets").append(button);
    return button;
  });
  const smallest = document.getElementById("smallest");
  let smallestOf = null;
  const parts = {
    switches: switches(document.getElementById("switches"), actions),
    pareto: pareto(document.getElementById("pareto"), actions),
    filters: filters(document.getElementById("filters"), (filter) => change({ filter })),
    attacks: cases(document.getElementById("attacks"), actions),
    starts: cases(document.getElementById("starts"), actions),
    configurations: configurations(document.getElementById("configurations"), actions),
    details: details(document.getElementById("details"), actions),
  };

  let score = null;
  function show() {
    score = scorers[state.view](state.on);
    viewInputs.forEach((input, place) => {
      input.checked = place === state.view;
    });
    presetButtons.forEach((button, place) => {
      const own = sameRules(rulesOf(data.presets[place].rules), state.on);
      button.setAttribute("aria-pressed", String(own));
    });
    fewest(scoredViews[state.view]);
    numbers();
    parts.switches(state, score);
    parts.pareto(state);
    parts.filters(state.filter);
    parts.attacks(state, score);
    parts.starts(state, score);
    parts.configurations(state);
    parts.details(state, score);
  }

  /** Buttons of the smallest sets, which are the view's own. */
  function fewest(view) {
    if (smallestOf !== view) {
      smallestOf = view;
      for (const button of smallest.querySelectorAll("button")) button.remove();
      for (const { of, rules, exact } of view.smallest) {
        const text = say(exact ? "smallest" : "smallest-inexact", { n: number(rules.length), set: of });
        smallest.append(make("button", { type: "button", onclick: () => actions.choose(rules) }, text));
      }
      smallest.hidden = view.smallest.length === 0;
    }
    [...smallest.querySelectorAll("button")].forEach((button, place) => {
      const own = sameRules(rulesOf(view.smallest[place].rules), state.on);
      button.setAttribute("aria-pressed", String(own));
    });
  }

  /** One number of the score: `part` of `whole`, with a bar. */
  function figure(key, kind, part, whole, note) {
    const bar = make("span", { class: `meter ${kind}`, "aria-hidden": "true" }, make("span", {}));
    bar.firstChild.style.width = whole === 0 ? "0" : `${(100 * part) / whole}%`;
    return make(
      "div",
      { class: "figure" },
      make("dt", {}, say(key)),
      make("dd", { "data-number": key, "data-part": part, "data-whole": whole }, make("strong", {}, number(part)), " ", say("out-of", { n: number(whole) }), bar, ...(note ? [make("span", { class: "note" }, note)] : [])),
    );
  }

  function numbers() {
    const view = scoredViews[state.view];
    const on = state.on.reduce((sum, is) => sum + is, 0);
    const attackers = data.attackers.map((attacker) => {
      const own = data.cases
        .map((about, place) => ({ about, place }))
        .filter(({ about, place }) => about.attacker === attacker && view.cases[place].demonstrated);
      const stopped = own.filter(({ place }) => score.hits[place] > 0).length;
      return own.length === 0 ? null : attackerRow(attacker, stopped, own.length);
    });
    document.getElementById("brief").textContent = say("brief", {
      stopped: number(score.stopped),
      attacks: number(score.attacks),
      broken: number(score.broken),
      starts: number(score.starts),
    });
    document.querySelector("#score .numbers").replaceChildren(
      make(
        "dl",
        { class: "figures" },
        figure("stopped", "good", score.stopped, score.attacks),
        figure("broken", "bad", score.broken, score.starts),
        ...configurationFigure(),
        make(
          "div",
          { class: "figure wide" },
          make("dt", {}, say(scoredViews[state.view].costs_ns ? "cost" : "duration")),
          make("dd", {}, ...durationText(durationOf(view, state.on))),
        ),
      ),
      make(
        "table",
        { class: "attackers" },
        make("caption", { class: "hidden" }, say("by-attacker")),
        make("tbody", {}, ...attackers.filter(Boolean)),
      ),
      make("p", { class: "note" }, say("rules-on", { on: number(on), all: number(state.on.length) })),
    );
  }

  function configurationFigure() {
    if (data.configurations.length === 0) return [];
    const { whole, broken, perhaps } = configurationScore(state.policy, state.on);
    const note = perhaps > 0 ? say("perhaps-configurations", { n: number(perhaps) }) : "";
    return [figure("configurations", "bad", broken, whole, note)];
  }

  function attackerRow(attacker, stopped, all) {
    const bar = make("span", { class: "meter good", "aria-hidden": "true" }, make("span", {}));
    bar.firstChild.style.width = `${(100 * stopped) / all}%`;
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, say(`attacker-${attacker}`)),
      make("td", {}, bar),
      make("td", { class: "number" }, say("of", { part: number(stopped), whole: number(all) })),
    );
  }

  function durationText(duration) {
    const cost = costOf(scoredViews[state.view], state.on);
    if (cost) {
      const note = say("cost-benchmark", { missing: number(cost.missing) });
      return [make("strong", { "data-cost": cost.ns }, micros(cost.ns)), " µs", make("span", { class: "note" }, note)];
    }
    if (scoredViews[state.view].costs_ns) return [make("span", { class: "note" }, say("cost-indistinct"))];
    if (!duration) return [make("span", { class: "note" }, say("duration-unknown"))];
    return [
      make("strong", {}, millis(duration.median_us)),
      " ms",
      make(
        "span",
        { class: "note" },
        say("duration-trials", {
          n: number(duration.n),
          lower: millis(duration.lower_us),
          upper: millis(duration.upper_us),
        }),
      ),
    ];
  }

  function announce() {
    document.getElementById("announce").textContent = say("announce", {
      stopped: number(score.stopped),
      attacks: number(score.attacks),
      broken: number(score.broken),
      starts: number(score.starts),
    });
  }

  show();
}

/** Links to places of the page go there without touching the state. */
function places() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const place = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!place) return;
    event.preventDefault();
    const focus = place.querySelector(":scope > h2, :scope > h1") ?? place;
    focus.tabIndex = -1;
    focus.focus({ preventScroll: true });
    place.scrollIntoView();
  });
}

/** A button between the colours of the system, light and dark. */
function theme() {
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  const show = () => {
    const now = chosen ?? (dark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = now;
    button.textContent = say(now === "dark" ? "to-light" : "to-dark");
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    show();
  });
  dark.addEventListener("change", show);
  show();
}

/** On paper nothing can be unfolded: what the explorer lists is unfolded
 * beforehand. Of the tables of results, which fill a hundred pages, those are
 * printed that the reader has unfolded. */
function printing() {
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("#what-if details.group:not([open])")];
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
  });
}

theme();
places();
printing();
explorer();
