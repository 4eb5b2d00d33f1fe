//! The best rule sets as the scripts of the page are given them: many, so each
//! in few characters.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::embed::visible;
use crate::analysis::pareto::{self, Front};
use crate::analysis::selection::Selected;
use crate::read::Attacker;

/// Best rule sets for the cases of one attacker or family, or for all.
#[derive(Serialize)]
pub(super) struct Fronts {
    attacker: &'static str,
    family: String,
    front: Vec<Point>,
    front_suexec: Vec<Point>,
    /// With cost as a third measure; `None` without prices, or when the search
    /// was stopped before its end.
    front_cost: Option<Vec<Point>>,
    exact: bool,
}

/// Stopped, broken, cost in nanoseconds (0 without prices), and the rules, one
/// bit for each from the lowest, in base64url.
#[derive(Serialize)]
struct Point(u32, u32, u64, String);

impl Fronts {
    pub(super) fn of(selected: &Selected, rules: usize, prices: Option<&[u64]>) -> Self {
        let point = |point: &pareto::Point| {
            let bytes = &point.set.to_le_bytes()[..rules.div_ceil(8)];
            Point(
                point.score.stopped,
                point.score.broken,
                prices.map_or(0, |prices| pareto::price(point.set, prices)),
                URL_SAFE_NO_PAD.encode(bytes),
            )
        };
        let points = |front: &Front| front.points.iter().map(point).collect();
        let cost = selected.front_cost.as_ref();
        Self {
            attacker: selected.attacker.map_or("", Attacker::word),
            family: selected.family.as_deref().map_or_else(String::new, visible),
            front: points(&selected.front),
            front_suexec: points(&selected.front_suexec),
            front_cost: cost.filter(|front| front.exact).map(points),
            exact: selected.front.exact && selected.front_suexec.exact,
        }
    }
}
