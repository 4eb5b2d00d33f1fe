// One case or one rule in full, in a dialog.

/** Shows details in the dialog; `actions` as for the switches, and `close()`. */
function details(dialog, actions) {
  let shown = null;
  dialog.addEventListener("close", () => {
    if (shown) actions.close();
  });
  // A click beside the content, on the dialog itself, closes it.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  function terms(...pairs) {
    const rows = pairs
      .filter(([, content]) => content !== null && content !== "")
      .map(([key, content]) => make("div", {}, make("dt", {}, say(key)), make("dd", {}, ...[content].flat())));
    return make("dl", { class: "particulars" }, ...rows);
  }

  function link(kind, name) {
    return make("button", { type: "button", class: "link", onclick: () => actions.open(kind, name) }, id(name));
  }

  function table(caption, heads, rows) {
    return make(
      "div",
      { class: "scroll" },
      make(
        "table",
        {},
        make("caption", {}, caption),
        make("thead", {}, make("tr", {}, ...heads.map((key) => make("th", { scope: "col" }, say(key))))),
        make("tbody", {}, ...rows),
      ),
    );
  }

  function source(text) {
    const parts = text.split(/(CVE-\d{4}-\d{4,})/);
    return parts.map((part) =>
      /^CVE-/.test(part)
        ? make("a", { href: `https://www.cve.org/CVERecord?id=${part}`, rel: "noreferrer", target: "_blank" }, part)
        : english(part),
    );
  }

  function ofCase(about, state, score) {
    const place = data.cases.indexOf(about);
    const view = scoredViews[state.view];
    const status = statusOf(view, score, place);
    const seen = view.cases[place];
    const verdicts = new Map(seen.verdicts.map(([rule, verdict, reason]) => [rule, { verdict, reason }]));
    const quiet = data.rules.map((_, rule) => rule).filter((rule) => !verdicts.has(rule));
    const permits = quiet.filter((rule) => !seen.unevaluated.includes(rule));
    const said = [...verdicts].map(([rule, { verdict, reason }]) =>
      make(
        "tr",
        { class: state.on[rule] ? "on" : "" },
        make("th", { scope: "row" }, link("rule", data.rules[rule].id)),
        make("td", {}, say(`verdict-${verdict}`)),
        make("td", {}, english(reason)),
        make("td", {}, say(seen.stops.includes(rule) ? (about.attack ? "does-stop" : "does-break") : seen.unknown.includes(rule) ? "does-unknown" : "does-nothing")),
        make("td", {}, say(state.on[rule] ? "on" : "off")),
      ),
    );
    const twin = about.twin === null ? null : data.cases[about.twin];
    const outcomes = data.views.flatMap((other) =>
      other.cases[place].outcomes.map(([set, effect, rule, reason]) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, english(other.name)),
          make("td", {}, id(other.sets[set])),
          make("td", {}, say(`effect-${effect}`)),
          make("td", {}, ...(rule === null ? ["–"] : [link("rule", data.rules[rule].id)])),
          make("td", {}, english(reason)),
        ),
      ),
    );
    return [
      make(
        "p",
        { class: "tags" },
        make("span", { class: `tag status ${status}` }, say(`status-${status}`)),
        ...[about.attack ? say(`attacker-${about.attacker}`) : say("legitimate"), about.family].map((text) =>
          make("span", { class: "tag" }, text),
        ),
        ...(about.problem === null ? [] : [make("span", { class: "tag" }, say(`problem-${about.problem}`))]),
        ...(about.race ? [make("span", { class: "tag" }, say("race"))] : []),
      ),
      make("p", {}, english(about.why)),
      terms(
        ["request", id(about.request)],
        ["witness", id(about.witness)],
        ["sources", about.sources.flatMap((one, at) => (at === 0 ? source(one) : ["; ", ...source(one)]))],
        ["twin", twin ? [link("case", twin.name), " ", english(twin.title)] : null],
        ["not-demonstrated", about.not_demonstrated ? english(about.not_demonstrated) : null],
      ),
      table(say("verdicts", { view: view.name }), ["rule", "verdict", "reason", "effect", "now"], said),
      make(
        "details",
        {},
        make("summary", {}, say("permits", { n: number(permits.length) })),
        make("p", { class: "flow" }, ...permits.flatMap((rule) => [link("rule", data.rules[rule].id), " "])),
      ),
      table(say("outcomes"), ["launcher", "set", "outcome", "rule", "reason"], outcomes),
    ];
  }

  function names(places) {
    return make(
      "ul",
      { class: "cases" },
      ...places.map((place) =>
        make("li", {}, link("case", data.cases[place].name), " ", english(data.cases[place].title)),
      ),
    );
  }

  function ofRule(about, state) {
    const rule = data.rules.indexOf(about);
    const view = scoredViews[state.view];
    const hit = data.cases.map((_, place) => place).filter((place) => view.cases[place].demonstrated && view.cases[place].stops.includes(rule));
    const stops = hit.filter((place) => data.cases[place].attack);
    const breaks = hit.filter((place) => !data.cases[place].attack);
    const only = stops.filter((place) => view.cases[place].stops.length === 1);
    const input = make("input", {
      type: "checkbox",
      role: "switch",
      id: "details-switch",
      checked: state.on[rule] === 1,
      onchange: () => actions.set([rule], input.checked),
    });
    const conditions = about.conditions.map((key) =>
      make("li", {}, say("condition", { number: key }), " ", ...(data.conditions[key] ? [english(data.conditions[key])] : [])),
    );
    const list = (key, places) =>
      make("details", { open: places.length > 0 && places.length < 9 }, make("summary", {}, say(key, { n: number(places.length) })), names(places));
    return [
      make("p", { class: "lead" }, english(about.summary)),
      make(
        "p",
        { class: "tags" },
        make("label", { for: input.id, class: "tag" }, input, " ", say("rule-on")),
        ...(view.costs_ns && view.costs_ns[rule] !== null
          ? [make("span", { class: "tag" }, say("rule-cost", { us: micros(view.costs_ns[rule]) }))]
          : []),
        make("span", { class: "tag" }, classOrder.includes(about.class) ? say(`class-${about.class}`) : about.class),
      ),
      ...(conditions.length > 0 ? [make("ul", { class: "plain" }, ...conditions)] : []),
      about.documentation.length === 0
        ? make("p", { class: "note" }, say("no-documentation"))
        : make(
            "dl",
            { class: "documentation" },
            ...about.documentation.flatMap(([heading, text]) => [
              make("dt", {}, say(`heading-${heading}`)),
              make("dd", {}, ...prose(text)),
            ]),
          ),
      list("rule-stops", stops),
      list("rule-only", only),
      list("rule-breaks", breaks),
    ];
  }

  /** A paragraph of Markdown: `code` is shown as such, all else as it is. */
  function prose(text) {
    return text.split(/`([^`]*)`/).map((part, at) => (at % 2 === 1 ? id(part) : english(part)));
  }

  return function show(state, score) {
    const { open } = state;
    const about =
      open?.kind === "case"
        ? data.cases.find((one) => one.name === open.name)
        : data.rules.find((one) => one.id === open?.name);
    if (!about) {
      shown = null;
      if (dialog.open) dialog.close();
      return;
    }
    const same = shown?.kind === open.kind && shown.name === open.name;
    const focused = same && document.activeElement?.id;
    shown = open;
    dialog.replaceChildren(
      make(
        "header",
        {},
        make("h2", { id: "details-title", tabindex: -1 }, open.kind === "case" ? [english(about.title)][0] : id(about.id)),
        make("button", { type: "button", class: "close", "aria-label": say("close"), onclick: () => dialog.close() }, "×"),
      ),
      make(
        "div",
        { class: "body" },
        ...(open.kind === "case" ? [make("p", { class: "note" }, id(about.name)), ...ofCase(about, state, score)] : ofRule(about, state)),
      ),
    );
    if (!dialog.open) dialog.showModal();
    if (focused) document.getElementById(focused)?.focus();
    else if (!same) {
      dialog.scrollTop = 0;
      document.getElementById("details-title").focus();
    }
  };
}
