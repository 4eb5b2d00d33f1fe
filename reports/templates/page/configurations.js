// Real configurations under the chosen rules. One that was started stands for
// all that no rule can tell from it; `count` says for how many.

/** What a rule set does to a configuration: a word, or `null` if it never worked. */
function configurationStatus(one, policy, on) {
  const under = one.policies[policy];
  if (!under?.works) return null;
  if (under.refuses.some((rule) => on[rule])) return "broken";
  return under.open && under.repairs.some((rule) => on[rule]) ? "perhaps" : "working";
}

/** Numbers of configurations: all that work, those that break, and those of
 * which the verdicts do not tell. */
function configurationScore(policy, on) {
  const score = { whole: 0, broken: 0, perhaps: 0 };
  for (const one of data.configurations) {
    const status = configurationStatus(one, policy, on);
    if (status === null) continue;
    score.whole += one.count;
    if (status !== "working") score[status] += one.count;
  }
  return score;
}

/** Puts the list into its section; `actions.policy(name)` chooses a policy. */
function configurations(section, actions) {
  if (!section || data.configurations.length === 0) return () => {};
  const count = make("p", { class: "count" });
  const choose = make(
    "select",
    { id: "policy", onchange: () => actions.policy(choose.value) },
    ...data.policies.map((policy) => make("option", { value: policy }, policy)),
  );
  section.append(
    make("p", { class: "note" }, say("configurations-note")),
    make("p", { class: "tools" }, make("label", {}, say("policy"), " ", choose)),
    count,
  );
  const worlds = new Map();
  for (const one of data.configurations) {
    const by = make("span", { class: "by" });
    const mark = make("span", { class: "mark", role: "img" });
    const element = make(
      "li",
      {},
      mark,
      id(one.name),
      " ",
      make("span", { class: "note" }, say("stands-for", { n: number(one.count) })),
      make("span", { class: "by" }, english(`${one.title} — ${one.source}`)),
      by,
    );
    worlds.set(one.world, [...(worlds.get(one.world) ?? []), { one, element, mark, by }]);
  }
  const groups = [...worlds].map(([world, rows]) => {
    const tally = make("span", { class: "tally" });
    const element = make(
      "details",
      { class: "group" },
      make("summary", {}, id(world), " ", tally),
      make("ul", { class: "cases" }, ...rows.map((row) => row.element)),
    );
    section.append(element);
    return { rows, tally };
  });

  return function show(state) {
    choose.value = state.policy;
    for (const { rows, tally } of groups) {
      const own = { whole: 0, broken: 0 };
      for (const { one, element, mark, by } of rows) {
        const status = configurationStatus(one, state.policy, state.on);
        if (status !== null) own.whole += one.count;
        if (status === "broken") own.broken += one.count;
        element.hidden = status === null || status === "working";
        if (element.hidden) continue;
        mark.className = `mark ${status === "broken" ? "broken" : "uncounted"}`;
        mark.setAttribute("aria-label", say(status === "broken" ? "status-broken" : "status-perhaps"));
        const under = one.policies[state.policy];
        const rules = (status === "broken" ? under.refuses : under.repairs).filter((rule) => state.on[rule]);
        by.textContent = `${say("by")} ${rules.map((rule) => data.rules[rule].id).join(", ")}`;
      }
      tally.textContent = say("tally-broken", { part: number(own.broken), whole: number(own.whole) });
    }
    const score = configurationScore(state.policy, state.on);
    count.textContent = say("count-configurations", {
      part: number(score.broken),
      whole: number(score.whole),
      perhaps: number(score.perhaps),
    });
  };
}
