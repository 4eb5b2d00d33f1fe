// The rules as switches. Tab reaches one of them, the arrow keys the others;
// beside each stands what switching it right now would change.

const classOrder = ["fatal", "selectable", "act", "deferred", "further"];

/** Groups of rules: their names and places. */
function groupsOf(by) {
  const groups = new Map();
  const put = (key, rule) => groups.set(key, [...(groups.get(key) ?? []), rule]);
  data.rules.forEach((rule, place) => {
    if (by === "class") put(rule.class, place);
    else if (rule.conditions.length === 0) put("", place);
    else put(rule.conditions[0], place);
  });
  const rank = (key) => {
    if (by !== "class") return key === "" ? Infinity : Number(key);
    const place = classOrder.indexOf(key);
    return place < 0 ? classOrder.length : place;
  };
  return [...groups].sort(([one], [other]) => rank(one) - rank(other));
}

function groupName(by, key) {
  if (by === "class") return classOrder.includes(key) ? say(`class-${key}`) : key;
  if (key === "") return say("beyond");
  const text = data.conditions[key];
  const name = say("condition", { number: key });
  return text ? [name, " ", english(text)] : name;
}

/**
 * Puts the switches into an element. `actions.set(rules, on)` switches,
 * `actions.open(kind, name)` shows details. Returns what shows a state.
 */
function switches(place, actions) {
  const search = document.getElementById("rule-search");
  const groupBy = document.getElementById("rule-groups");
  for (const by of ["class", "condition"]) {
    groupBy.append(make("option", { value: by }, say(`group-${by}`)));
  }
  let rows = [];
  let heads = [];
  let last = null;

  function row(rule, rulePlace) {
    const input = make("input", {
      type: "checkbox",
      role: "switch",
      id: `rule-${rulePlace}`,
      tabindex: -1,
      onchange: () => actions.set([rulePlace], input.checked),
    });
    const more = make(
      "button",
      {
        type: "button",
        class: "more",
        tabindex: -1,
        "aria-label": say("details-of", { name: rule.id }),
        onclick: () => actions.open("rule", rule.id),
      },
      "?",
    );
    const stopped = make("td", { class: "number" });
    const broken = make("td", { class: "number" });
    const cost = make("span", { class: "nowrap" });
    const element = make(
      "tr",
      {},
      make("td", { class: "switch" }, input),
      make("th", { scope: "row" }, make("label", { for: input.id }, id(rule.id)), more, make("p", {}, english(rule.summary), " ", cost)),
      stopped,
      broken,
    );
    const text = `${rule.id} ${rule.summary} ${rule.class}`.toLowerCase();
    return { element, input, more, stopped, broken, cost, rule: rulePlace, text };
  }

  function head(by, key, rules) {
    const input = make("input", {
      type: "checkbox",
      id: `group-${by}-${key || "beyond"}`,
      tabindex: -1,
      onchange: () => actions.set(rules, input.checked),
    });
    const count = make("span", { class: "note" });
    const label = make("label", { for: input.id }, ...[groupName(by, key)].flat());
    const element = make(
      "tr",
      { class: "group" },
      make("td", { class: "switch" }, input),
      make("th", { scope: "rowgroup", colspan: 3 }, label, " ", count),
    );
    return { element, input, count, rules };
  }

  function build() {
    rows = [];
    heads = [];
    const bodies = groupsOf(groupBy.value).map(([key, rules]) => {
      const top = head(groupBy.value, key, rules);
      heads.push(top);
      const own = rules.map((rule) => row(data.rules[rule], rule));
      rows.push(...own);
      return make("tbody", {}, top.element, ...own.map((one) => one.element));
    });
    const column = (key, name = "number") => make("th", { scope: "col", class: name }, say(key));
    place.replaceChildren(
      make(
        "table",
        { class: "switches" },
        make("caption", { class: "hidden" }, say("switches")),
        make(
          "thead",
          {},
          make(
            "tr",
            {},
            make("td", {}),
            column("rule", ""),
            column("change-stopped"),
            column("change-broken"),
          ),
        ),
        ...bodies,
      ),
    );
    filter();
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const one of rows) one.element.hidden = !words.every((word) => one.text.includes(word));
    for (const top of heads) {
      const own = rows.filter((one) => top.rules.includes(one.rule));
      top.element.hidden = own.every((one) => one.element.hidden);
    }
    rove(null);
  }

  /** Inputs that can be reached, in their order. */
  function reachable() {
    return [...place.querySelectorAll("tbody input")].filter((input) => !input.closest("tr").hidden);
  }

  /** Makes one switch, and its button, the one that Tab reaches. */
  function rove(to) {
    const inputs = reachable();
    const next = inputs.includes(to) ? to : inputs[0];
    for (const input of place.querySelectorAll("tbody input, .more")) input.tabIndex = -1;
    if (!next) return;
    next.tabIndex = 0;
    const more = next.closest("tr").querySelector(".more");
    if (more) more.tabIndex = 0;
  }

  place.addEventListener("focusin", ({ target }) => {
    const input = target.closest("tr")?.querySelector("input");
    if (input) rove(input);
  });
  place.addEventListener("keydown", (event) => {
    const inputs = reachable();
    const at = inputs.indexOf(event.target);
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: inputs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    inputs[Math.min(Math.max(to, 0), inputs.length - 1)].focus();
  });
  search.addEventListener("input", filter);
  groupBy.addEventListener("change", () => {
    build();
    if (last) show(last.state, last.score);
  });

  function show(state, score) {
    last = { state, score };
    for (const one of rows) {
      const on = state.on[one.rule] === 1;
      one.input.checked = on;
      one.element.classList.toggle("on", on);
      put(one.stopped, score.attackChange[one.rule], "good", "bad");
      const ns = scoredViews[state.view].costs_ns?.[one.rule] ?? null;
      one.cost.textContent = ns === null ? "" : `· ${say("rule-cost", { us: micros(ns) })}`;
      put(one.broken, score.startChange[one.rule], "bad", "good");
    }
    for (const top of heads) {
      const on = top.rules.filter((rule) => state.on[rule]).length;
      top.input.checked = on === top.rules.length;
      top.input.indeterminate = on > 0 && on < top.rules.length;
      top.count.textContent = say("of", { part: number(on), whole: number(top.rules.length) });
    }
  }

  function put(cell, change, more, less) {
    cell.textContent = change === 0 ? "·" : signed(change);
    cell.classList.toggle(more, change > 0);
    cell.classList.toggle(less, change < 0);
  }

  build();
  return show;
}
