// Attacks and legitimate starts, named, with what the chosen rules do to them.

const listKinds = {
  attacks: { attack: true, choices: ["through", "stopped", "all"] },
  starts: { attack: false, choices: ["broken", "working", "all"] },
};

/** CVE ids that the sources of a case name. */
function cvesOf(about) {
  return about.sources.flatMap((source) => source.match(/CVE-\d{4}-\d{4,}/g) ?? []);
}

/** What the chosen rules do to a case: a word of `listKinds`, or `uncounted`. */
function statusOf(view, score, place) {
  const about = data.cases[place];
  if (!view.cases[place].demonstrated) return "uncounted";
  const hit = score.hits[place] > 0;
  return about.attack ? (hit ? "stopped" : "through") : hit ? "broken" : "working";
}

/** Whether a case passes the filter. */
function passes(place, filter) {
  const about = data.cases[place];
  if (filter.kind && (filter.kind === "malicious") !== about.attack) return false;
  if (filter.attacker && about.attacker !== filter.attacker) return false;
  if (filter.family && about.family !== filter.family) return false;
  if (filter.source) {
    const cves = cvesOf(about);
    if (filter.source === "cve" ? cves.length === 0 : !cves.includes(filter.source)) return false;
  }
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = [about.name, about.title, about.why, about.family, about.attacker, ...about.sources]
    .join(" ")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The filters; `change(filter)` hears of every change. */
function filters(form, change) {
  const sorted = (values) => [...new Set(values)].filter(Boolean).sort();
  const cves = sorted(data.cases.flatMap(cvesOf));
  const fields = {
    kind: [["", "any-kind"], ["malicious", "malicious"], ["legitimate", "legitimate"]].map(
      ([value, key]) => [value, say(key)],
    ),
    attacker: [["", say("any-attacker")], ...data.attackers.map((word) => [word, word])],
    family: [["", say("any-family")], ...sorted(data.cases.map((one) => one.family)).map((word) => [word, word])],
    source: [["", say("any-source")], ["cve", say("any-cve", { n: number(cves.length) })], ...cves.map((word) => [word, word])],
  };
  const inputs = {};
  for (const [name, options] of Object.entries(fields)) {
    inputs[name] = make(
      "select",
      { id: `filter-${name}` },
      ...options.map(([value, text]) => make("option", { value }, text)),
    );
    form.append(make("label", {}, say(`filter-${name}`), " ", inputs[name]));
  }
  inputs.text = make("input", { type: "search", id: "filter-text", autocomplete: "off", spellcheck: "false" });
  form.append(make("label", {}, say("filter-text"), " ", inputs.text));
  form.append(make("button", { type: "reset" }, say("filter-reset")));
  const read = () =>
    Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value]));
  form.addEventListener("input", () => change(read()));
  form.addEventListener("reset", () => change({ ...nothing }));
  form.addEventListener("submit", (event) => event.preventDefault());
  return function show(filter) {
    for (const [name, input] of Object.entries(inputs)) {
      if (input.value !== filter[name]) input.value = filter[name];
    }
  };
}

/** Puts one of the two lists into its section. Returns what shows a state. */
function cases(section, actions) {
  const { attack, choices } = listKinds[section.id];
  const count = make("p", { class: "count" });
  const choose = make(
    "fieldset",
    { class: "segments" },
    make("legend", { class: "hidden" }, say(`choose-${section.id}`)),
  );
  const body = make("div", { class: "groups" });
  let chosen = choices[0];
  let last = null;
  for (const choice of choices) {
    const input = make("input", {
      type: "radio",
      name: `choose-${section.id}`,
      id: `choose-${section.id}-${choice}`,
      checked: choice === chosen,
      onchange: () => {
        chosen = choice;
        show(...last);
      },
    });
    choose.append(input, make("label", { for: input.id }, say(`choose-${choice}`)));
  }
  section.append(count, choose, body);

  const groups = new Map();
  data.cases.forEach((about, place) => {
    if (about.attack !== attack) return;
    const key = attack ? about.attacker : about.family;
    if (!groups.has(key)) groups.set(key, new Map());
    const families = groups.get(key);
    if (!families.has(about.family)) families.set(about.family, []);
    families.get(about.family).push(row(about, place));
  });
  const order = [...groups.keys()].sort(
    (one, other) => data.attackers.indexOf(one) - data.attackers.indexOf(other) || (one < other ? -1 : 1),
  );
  const shownGroups = order.map((key) => {
    const families = [...groups.get(key)].sort(([one], [other]) => (one < other ? -1 : 1));
    const shownFamilies = families.map(([family, rows]) => {
      const heading = make("h5", {}, id(family));
      const list = make("ul", { class: "cases" }, ...rows.map((one) => one.element));
      return { element: make("div", { class: "family" }, ...(attack ? [heading] : []), list), rows };
    });
    const name = make("span", {}, attack ? say(`attacker-${key}`) : id(key));
    const tally = make("span", { class: "tally" });
    const element = make(
      "details",
      { open: true, class: "group" },
      make("summary", {}, name, " ", tally),
      ...shownFamilies.map((one) => one.element),
    );
    return { element, tally, families: shownFamilies };
  });
  body.append(...shownGroups.map((group) => group.element));

  function row(about, place) {
    const mark = make("span", { class: "mark", role: "img" });
    const by = make("span", { class: "by" });
    const element = make(
      "li",
      {},
      mark,
      make("button", { type: "button", class: "link", onclick: () => actions.open("case", about.name) }, id(about.name)),
      " ",
      make("span", { class: "title" }, english(about.title)),
      ...[...new Set(cvesOf(about))].map((cve) => make("span", { class: "tag" }, cve)),
      by,
    );
    return { element, mark, by, place, status: null };
  }

  function show(state, score) {
    last = [state, score];
    const view = scoredViews[state.view];
    const bad = attack ? "through" : "broken";
    const total = { all: 0, bad: 0 };
    for (const group of shownGroups) {
      const own = { all: 0, bad: 0, shown: 0 };
      for (const family of group.families) {
        let shownHere = 0;
        for (const one of family.rows) {
          const status = statusOf(view, score, one.place);
          const inside = passes(one.place, state.filter);
          if (inside && status !== "uncounted") {
            own.all += 1;
            if (status === bad) own.bad += 1;
          }
          const visible = inside && (chosen === "all" || chosen === status);
          one.element.hidden = !visible;
          if (visible) {
            shownHere += 1;
            mark(one, status, view, state);
          }
        }
        family.element.hidden = shownHere === 0;
        own.shown += shownHere;
      }
      group.element.hidden = own.shown === 0;
      group.tally.textContent = say(`tally-${bad}`, { part: number(own.bad), whole: number(own.all) });
      total.all += own.all;
      total.bad += own.bad;
    }
    section.hidden = state.filter.kind !== "" && (state.filter.kind === "malicious") !== attack;
    const filtered = Object.values(state.filter).some(Boolean);
    count.textContent = say(`count-${bad}${filtered ? "-filtered" : ""}`, {
      part: number(total.bad),
      whole: number(total.all),
    });
  }

  function mark(one, status, view, state) {
    if (one.status !== status) {
      one.mark.className = `mark ${status}`;
      one.mark.setAttribute("aria-label", say(`status-${status}`));
      one.status = status;
    }
    const by = view.cases[one.place].stops.filter((rule) => state.on[rule]);
    if (status === "stopped" || status === "broken") {
      const names = by.slice(0, 3).map((rule) => id(data.rules[rule].id));
      const parts = names.flatMap((name, at) => (at === 0 ? [name] : [", ", name]));
      if (by.length > 3) parts.push(` ${say("and-more", { n: number(by.length - 3) })}`);
      one.by.replaceChildren(`${say("by")} `, ...parts);
    } else if (status === "through" && view.cases[one.place].unknown.some((rule) => state.on[rule])) {
      one.by.textContent = say("perhaps");
    } else {
      one.by.textContent = "";
    }
  }

  return show;
}
