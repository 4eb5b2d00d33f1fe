// What the reader chose, and its form as a fragment of the address:
// `#r=suexec&v=…&d=…&a=client&f=…&s=…&k=…&q=…&case=…` (or `&rule=…`). Rules are
// the name of a set, or `b.` with one bit for each rule, in base64url.

const nothing = { attacker: "", family: "", source: "", kind: "", text: "" };
const filterKeys = { attacker: "a", family: "f", source: "s", kind: "k", text: "q" };

const scoredViews = data.views.filter((view) => view.scored);

function rulesOf(list) {
  const on = new Uint8Array(data.rules.length);
  for (const rule of list) on[rule] = 1;
  return on;
}

function sameRules(one, other) {
  return one.every((is, rule) => is === other[rule]);
}

/** The set with a name that holds just these rules. */
function presetOf(on) {
  return data.presets.find((preset) => sameRules(rulesOf(preset.rules), on));
}

function initialState() {
  const first = data.presets.find((preset) => preset.name === "suexec") ?? data.presets[0];
  return {
    view: 0,
    axes: firstAxes,
    on: rulesOf(first.rules),
    filter: { ...nothing },
    policy: data.policies[0] ?? "",
    open: null,
  };
}

function bitmap(on) {
  const bytes = new Uint8Array(Math.ceil(on.length / 8));
  on.forEach((is, rule) => {
    if (is) bytes[rule >> 3] |= 1 << (rule & 7);
  });
  const text = btoa(String.fromCharCode(...bytes));
  return `b.${text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** A set from one bit for each rule, in base64url; `null` if it is none. */
function fromBits(text) {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  let bytes;
  try {
    bytes = atob(plain);
  } catch {
    return null;
  }
  const on = new Uint8Array(data.rules.length);
  on.forEach((_, rule) => {
    const byte = rule >> 3 < bytes.length ? bytes.charCodeAt(rule >> 3) : 0;
    on[rule] = (byte >> (rule & 7)) & 1;
  });
  return on;
}

/** The fragment of a state, without `#`. */
function fragmentOf(state) {
  const fragment = new URLSearchParams();
  fragment.set("r", presetOf(state.on)?.name ?? bitmap(state.on));
  if (state.view > 0) fragment.set("v", scoredViews[state.view].name);
  if (state.axes !== firstAxes) fragment.set("d", state.axes);
  for (const [name, key] of Object.entries(filterKeys)) {
    if (state.filter[name]) fragment.set(key, state.filter[name]);
  }
  if (state.policy !== (data.policies[0] ?? "")) fragment.set("p", state.policy);
  if (state.open) fragment.set(state.open.kind, state.open.name);
  return fragment.toString();
}

/** The state of a fragment; what it does not say, or says wrongly, is initial. */
function stateOf(text) {
  const state = initialState();
  // The name of a place on the page is no state.
  if (!text.includes("=")) return state;
  const fragment = new URLSearchParams(text);
  const rules = fragment.get("r");
  const preset = data.presets.find((one) => one.name === rules);
  if (preset) state.on = rulesOf(preset.rules);
  else if (rules?.startsWith("b.")) state.on = fromBits(rules.slice(2)) ?? state.on;
  state.view = Math.max(0, scoredViews.findIndex((view) => view.name === fragment.get("v")));
  if (Object.hasOwn(planes, fragment.get("d") ?? "")) state.axes = fragment.get("d");
  for (const [name, key] of Object.entries(filterKeys)) {
    state.filter[name] = fragment.get(key) ?? "";
  }
  if (data.policies.includes(fragment.get("p"))) state.policy = fragment.get("p");
  for (const kind of ["case", "rule"]) {
    if (fragment.has(kind)) state.open = { kind, name: fragment.get(kind) };
  }
  return state;
}
