// The data of the page, its words, and the making of elements. Text of others
// only ever becomes text: nothing here, or in the other scripts, parses HTML.

const data = JSON.parse(document.getElementById("data").textContent);

/** The text of a key with its `{places}` filled. */
function say(key, values = {}) {
  const text = data.texts[key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{([^}]+)\}/g, (_, name) => {
    if (values[name] === undefined) throw new Error(`text ${key}: no value for ${name}`);
    return String(values[name]);
  });
}

/** A number as readers of the page's language write it. */
const number = new Intl.NumberFormat(data.lang).format;

/** A number with its sign. */
function signed(value) {
  return value > 0 ? `+${number(value)}` : value < 0 ? `−${number(-value)}` : "0";
}

/** A duration in microseconds as milliseconds. */
function millis(us) {
  return number(Math.round(us / 100) / 10);
}

/** A duration in nanoseconds as microseconds. */
function micros(ns) {
  return `${ns < 0 ? "−" : ""}${number(Math.round(Math.abs(ns) / 100) / 10)}`;
}

/**
 * An element. Of the attributes, `class` and those with a `-` or unknown to
 * elements become attributes, `on…` listeners, all others properties.
 */
function make(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An element of a drawing. */
function draw(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(key, value);
    else element.setAttribute(key, String(value));
  }
  element.append(...children);
  return element;
}

/** An id of the run (a rule, a case, a set), which is in no language. */
function id(text) {
  return make("code", { translate: "no" }, text);
}

/** Words of the corpus, which are English in every report. */
function english(text) {
  return make("bdi", { lang: "en" }, text);
}
