//! The plot's points, fronts and caption against the analysis: cost as a third
//! measure, and the filter.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use sekisho_reports::Lang;
use sekisho_reports::analysis::cells::Cells;
use sekisho_reports::analysis::lattice::Scorer;
use sekisho_reports::analysis::pareto::{Front, price};
use sekisho_reports::analysis::sets::{self, Bits};
use sekisho_reports::analysis::view::View;
use sekisho_reports::read::Case;
use serde_json::{Value, json};

use crate::Made;
use crate::browser::{Browser, start};

/// The kept run with samples of a bench beside it: each rule costs another
/// amount, some nothing and some less than nothing, and two were not measured.
pub fn priced(lang: Lang) -> Made {
    let made = Made::small(lang);
    let mut rows =
        "bench,subject,parameter,value,round,position,unit,sample,iterations,error\n".to_owned();
    for round in 1..=30 {
        let mut row = |subject: &str, sample: i64| {
            let sample = sample + i64::from(round * 7 % 13);
            let _ = writeln!(rows, "start,{subject},x,four,{round},1,ns,{sample},1,");
        };
        row("none", 900_000);
        for (place, rule) in (0_i64..).zip(&made.run.rules).skip(2) {
            let cost = [-700, 0, 310, 1_250, 4_040, 9_600][place as usize % 6] + place * 17;
            row(&format!("only:{}", rule.rule), 900_000 + cost);
        }
    }
    let put = |name: &str, text: &str| {
        fs::write(made.directory.path().join(name), text).expect("a file of the run");
    };
    put("overhead.csv", &rows);
    put(
        "bench.json",
        r#"{"run":"bench-1","complete":true,"quick":false,"commit":"c","kernel":"6",
            "cpu":"x","cpus":2,"governor":null,"virtualisation":null}"#,
    );
    Made::of(made.directory, lang)
}

/// Sets filter, axes and rules by the page's own inputs, and reads the plot.
const SHOW: &str = r##"
    const [view, axes, filter, rules] = arguments;
    document.getElementById(`view-${view}`).click();
    const put = (id, value) => {
        const input = document.getElementById(id);
        if (input.value === value) return;
        input.value = value;
        for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
    };
    put("axes", axes);
    for (const [name, value] of Object.entries(filter)) put(`filter-${name}`, value);
    rules.forEach((on, rule) => {
        const input = document.getElementById(`rule-${rule}`);
        if (input.checked !== on) input.click();
    });
    const values = ({ dataset }) => [dataset.stopped, dataset.broken, dataset.cost].map(Number);
    const place = (dot) => ["cx", "cy"].map((name) => Number(dot.getAttribute(name)));
    const plot = document.getElementById("pareto");
    const dots = [...plot.querySelectorAll("svg[role=img] .point")];
    return {
        points: dots.map(values),
        places: dots.map(place),
        levels: dots.map((dot) => [...dot.classList].find((name) => name.startsWith("level"))),
        presets: Object.fromEntries([...plot.querySelectorAll(".preset")].map((one) => [one.dataset.name, values(one)])),
        now: values(plot.querySelector(".now")),
        cost: Number(document.querySelector("#score [data-cost]")?.dataset.cost),
        caption: plot.querySelector(".caption").textContent,
        legend: plot.querySelector(".legend").textContent,
        lines: [...plot.querySelectorAll("path.front")].map((one) => one.getAttribute("class")),
        table: [...plot.querySelectorAll("tbody tr")].map((row) =>
            [...row.querySelectorAll("td.number")].slice(0, 2).map((cell) => Number(cell.textContent))),
    };
"##;

/// Stopped, broken and cost.
type Measured = (u32, u32, u64);

fn measured(front: &Front) -> BTreeSet<Measured> {
    let points = front.points.iter();
    points
        .map(|point| (point.score.stopped, point.score.broken, point.cost))
        .collect()
}

/// The sets of a front counted for other cases, less those than which another
/// one of them is better.
fn counted_again(front: &Front, scorer: &Scorer) -> BTreeSet<Measured> {
    let all: BTreeSet<Measured> = front
        .points
        .iter()
        .map(|point| {
            let score = scorer.score(point.set);
            (score.stopped, score.broken, point.cost)
        })
        .collect();
    let better = |a: &Measured, b: &Measured| a != b && a.0 >= b.0 && a.1 <= b.1 && a.2 <= b.2;
    let kept = all
        .iter()
        .filter(|one| !all.iter().any(|other| better(other, one)));
    kept.copied().collect()
}

fn shown(points: &Value) -> BTreeSet<Measured> {
    let points: Vec<Measured> = serde_json::from_value(points.clone()).expect("points");
    let number = points.len();
    let points: BTreeSet<_> = points.into_iter().collect();
    assert_eq!(points.len(), number, "a point is drawn twice");
    points
}

/// Stopped and broken of the points of a front.
fn scores(front: &Front) -> Vec<(u32, u32)> {
    let points = front.points.iter();
    points
        .map(|point| (point.score.stopped, point.score.broken))
        .collect()
}

/// Stopped and broken of the cheapest points for what they stop, from the
/// cheapest on; of equal ones that which breaks least.
fn by_cost(points: &BTreeSet<Measured>) -> Vec<(u32, u32)> {
    let mut points: Vec<_> = points.iter().collect();
    points.sort_by_key(|point| (point.2, u32::MAX - point.0, point.1));
    let mut most = None;
    points.retain(|point| {
        let more = most.is_none_or(|most| point.0 > most);
        if more {
            most = Some(point.0);
        }
        more
    });
    points.into_iter().map(|point| (point.0, point.1)).collect()
}

/// A filter as the page has it, and the same asked of a case.
struct Filter {
    kind: &'static str,
    attacker: &'static str,
    family: &'static str,
    source: &'static str,
    text: &'static str,
    /// Whether the best sets were searched for it alone.
    own: bool,
}

const ALL: Filter = Filter {
    kind: "",
    attacker: "",
    family: "",
    source: "",
    text: "",
    own: true,
};

const FILTERS: [Filter; 9] = [
    ALL,
    Filter {
        attacker: "tenant",
        ..ALL
    },
    Filter {
        attacker: "front",
        kind: "malicious",
        ..ALL
    },
    Filter {
        family: "ownership-mode",
        ..ALL
    },
    Filter {
        family: "hosting",
        ..ALL
    },
    Filter {
        attacker: "front",
        text: "environment",
        own: false,
        ..ALL
    },
    Filter {
        text: "umask",
        own: false,
        ..ALL
    },
    Filter {
        source: "cve",
        own: false,
        ..ALL
    },
    Filter {
        text: "nothing is called so",
        ..ALL
    },
];

impl Filter {
    fn page(&self) -> Value {
        json!({"kind": self.kind, "attacker": self.attacker, "family": self.family,
            "source": self.source, "text": self.text})
    }

    fn holds(&self, case: &Case) -> bool {
        let attacker = case.attacker.map_or("", |attacker| attacker.word());
        let text = [
            &case.name(),
            &case.title,
            &case.why,
            &case.family,
            attacker,
            &case.related,
        ];
        let text = text.join(" ").to_lowercase();
        (self.attacker.is_empty() || self.attacker == attacker)
            && (self.family.is_empty() || self.family == case.family)
            && (self.source.is_empty() || case.related.contains("CVE-"))
            && self.text.split(' ').all(|word| text.contains(word))
    }
}

async fn agree(browser: &Browser, made: &Made) {
    let cells = Cells::of(&made.run);
    let rules = made.run.rules.len();
    let every = sets::all(&made.run.rules);
    let mut random = fastrand::Rng::with_seed(20_180_512);
    for (place, about) in made.analysis.views.iter().enumerate() {
        let view = View::of(&made.run, &cells, made.place_of(&about.name));
        let costs = about.costs.as_ref().expect("a bench");
        let prices = costs.prices().expect("costs that can be told from 0");
        let lattice = about.lattice.as_ref().expect("verdicts");
        let whole = lattice.front_cost.as_ref().expect("prices");
        let axes = ["stopped-broken", "stopped-cost", "broken-cost"];
        for (number, filter) in FILTERS.iter().cycle().take(FILTERS.len() * 3).enumerate() {
            let axes = axes[number / FILTERS.len()];
            let share = [2, 128, 250][number % 3];
            let set: Bits = (0..rules)
                .filter(|_| random.u8(..) < share)
                .fold(0, |set, rule| set | 1 << rule);
            let on: Vec<bool> = (0..rules).map(|rule| set >> rule & 1 == 1).collect();
            let arguments = vec![json!(place), json!(axes), filter.page(), json!(on)];
            let seen = browser.run_with(SHOW, arguments).await;
            let what = format!("{}, {axes}, {}, {set:x}", about.name, filter.page());

            let scorer = view.scorer_of(|case| filter.holds(case));
            let value = |set: Bits| {
                let score = scorer.score(set);
                json!([score.stopped, score.broken, price(set, &prices)])
            };
            assert_eq!(seen["now"], value(set), "{what}");
            assert_eq!(costs.of_set(set), seen["cost"].as_u64(), "{what}");
            for (name, bits) in [("none", 0), ("all", every)] {
                assert_eq!(seen["presets"][name], value(bits), "{what}");
            }

            let (attacks, starts) = (scorer.attacks.total, scorer.legitimate.total);
            let n = format!(
                "n = {attacks} of {} attacks, {starts} of {} legitimate starts.",
                about.demonstrated, about.working
            );
            let caption = seen["caption"].as_str().expect("a caption");
            assert!(caption.contains(&n), "{n}: {caption}: {what}");
            for id in [&*made.run.info.run, "bench-1"] {
                assert!(caption.contains(id), "{caption}: {what}");
            }

            let points = shown(&seen["points"]);
            let expected = if filter.own {
                measured(&scorer.front_with_cost(every, &prices))
            } else {
                counted_again(whole, &scorer)
            };
            assert_eq!(points, expected, "{what}");
            let narrowed =
                (attacks as usize, starts as usize) != (about.demonstrated, about.working);
            assert!(
                filter.own || narrowed,
                "the filter must leave a part: {what}"
            );
            let legend = seen["legend"].as_str().expect("a legend");
            assert_eq!(
                legend.contains("another set may be better"),
                !filter.own,
                "{what}"
            );
            if filter.own && axes != "broken-cost" {
                let table = seen["table"].clone();
                let line: Vec<(u32, u32)> = serde_json::from_value(table).expect("a table");
                let best = if axes == "stopped-broken" {
                    scores(&scorer.front(every))
                } else {
                    by_cost(&points)
                };
                assert_eq!(line, best, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn points_fronts_costs_and_n_are_those_of_the_analysis_for_random_sets_and_filters() {
    let Some(browser) = start().await else { return };
    let made = priced(Lang::English);
    browser.open(&made.page(Lang::English), "#r=none").await;
    agree(&browser, &made).await;
    assert_eq!(browser.console().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test]
async fn the_axes_are_in_the_address_and_each_measure_is_seen() {
    let Some(browser) = start().await else { return };
    let made = priced(Lang::English);
    for (axes, (x, y), third) in [
        ("stopped-broken", (1, 0), 2),
        ("stopped-cost", (2, 0), 1),
        ("broken-cost", (2, 1), 0),
    ] {
        let page = made.page(Lang::English);
        browser.open(&page, &format!("#r=none&d={axes}")).await;
        let rules = vec![false; made.run.rules.len()];
        let arguments = vec![json!(0), json!(axes), ALL.page(), json!(rules)];
        let seen = browser.run_with(SHOW, arguments).await;
        let points: Vec<[f64; 3]> = serde_json::from_value(seen["points"].clone()).expect("points");
        let places: Vec<[f64; 2]> = serde_json::from_value(seen["places"].clone()).expect("places");
        let levels: Vec<String> = serde_json::from_value(seen["levels"].clone()).expect("levels");
        assert!(points.len() > 5, "{axes}: {points:?}");
        // More is farther right, higher up, and never a lower level.
        for one in 0..points.len() {
            for other in 0..points.len() {
                let more = |measure: usize| points[one][measure] > points[other][measure];
                assert!(!more(x) || places[one][0] > places[other][0], "{axes}");
                assert!(!more(y) || places[one][1] < places[other][1], "{axes}");
                assert!(!more(third) || levels[one] >= levels[other], "{axes}");
            }
        }
        let distinct: BTreeSet<_> = levels.iter().collect();
        assert!(distinct.len() > 1, "{axes}: {distinct:?}");
        let hash = browser.text("return location.hash").await;
        assert!(hash.contains(axes) || axes == "stopped-broken", "{hash}");
        let chosen = browser
            .text("return document.getElementById('axes').value")
            .await;
        assert_eq!(chosen, axes);
    }
    browser.end().await;
}

#[tokio::test]
async fn without_a_bench_the_axes_are_fixed_and_the_page_says_what_to_run() {
    let Some(browser) = start().await else { return };
    let made = Made::small(Lang::English);
    let page = made.page(Lang::English);
    browser.open(&page, "#r=none&d=stopped-cost").await;
    assert_eq!(browser.console().await, Vec::<String>::new());
    let axes = "const axes = document.getElementById('axes'); return [axes.disabled, axes.value]";
    assert_eq!(browser.run(axes).await, json!([true, "stopped-broken"]));
    let why = "return document.getElementById('axes-why').textContent";
    let why = browser.text(why).await;
    for part in ["no benchmark was read", "cargo bench", "--bench"] {
        assert!(why.contains(part), "{why}");
    }
    assert_eq!(browser.console().await, Vec::<String>::new());
    browser.end().await;
}
