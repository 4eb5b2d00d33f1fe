//! A malicious scenario begins in its twin's world: the twin's fixture and request
//! lie beneath what the scenario says.

use toml::{Table, Value};

use crate::fault::{Fault, Within};
use crate::load::{Case, DEFAULT_CASE};
use crate::merge::merge;

/// What a scenario that begins in its twin's world may still lay down: names of
/// accounts, and where the probe looks.
const OWN_FIXTURE: [&str; 3] = ["users", "groups", "look"];

/// The case that a twin's name means for a case of this name: the named case,
/// or of the named scenario the case of the same name, else its default, else
/// its first.
pub(crate) fn find<'a>(cases: &'a [Case], twin: &str, name: &str) -> Option<&'a Case> {
    let of_scenario = || cases.iter().filter(|case| case.scenario == twin);
    let named = |name: &str| of_scenario().find(|case| case.name == name);
    let exact = cases.iter().find(|case| case.key() == twin);
    exact
        .or_else(|| named(name))
        .or_else(|| named(DEFAULT_CASE))
        .or_else(|| of_scenario().next())
}

/// Lays the twin's fixture, request and preconditions beneath those of the case.
/// A legitimate case stays as it is; so does one whose twin is unknown, which is
/// told elsewhere.
pub(crate) fn begin(table: &mut Table, name: &str, legitimate: &[Case]) -> Result<(), Fault> {
    if table.get("kind").and_then(Value::as_str) != Some("malicious") {
        return Ok(());
    }
    let twin = table.get("twin").and_then(Value::as_str);
    let Some(twin) = twin.and_then(|twin| find(legitimate, twin, name)) else {
        return Ok(());
    };
    let own = table.get("fixture").and_then(Value::as_table);
    if let Some(field) = own
        .into_iter()
        .flat_map(Table::keys)
        .find(|field| !OWN_FIXTURE.contains(&field.as_str()))
    {
        let message = format!(
            "a scenario begins in its twin's world and lays down no `{field}`: let a principal \
             do it (`mistake`, `acts`), or choose a twin that has it"
        );
        return Err(Fault::new(message).within(field).within("fixture"));
    }
    if table.contains_key("request") && !may_change_request(table) {
        let message = "the request is the twin's: `front` and `client` write requests, others \
                       only where they call the launcher themselves (`request.caller` acts) or \
                       where a mistake has a `mapping`";
        return Err(Fault::new(message).within("request"));
    }
    let beneath = |field: &str, value: Result<Table, toml::ser::Error>, table: &mut Table| {
        let mut below = value.map_err(|error| error.to_string()).within(field)?;
        if let Some(Value::Table(own)) = table.get(field) {
            merge(&mut below, own);
        }
        table.insert(field.to_owned(), Value::Table(below));
        Ok::<_, Fault>(())
    };
    beneath("fixture", Table::try_from(&twin.spec.fixture), table)?;
    beneath("request", Table::try_from(&twin.spec.request), table)?;
    let needed = twin.spec.requires.iter().map(Value::try_from);
    let mut needed: Vec<Value> = needed
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let own = table.get("requires").and_then(Value::as_array);
    needed.extend(own.into_iter().flatten().cloned());
    table.insert("requires".to_owned(), Value::Array(needed));
    Ok(())
}

/// Whether somebody of the scenario decides what is asked for.
fn may_change_request(table: &Table) -> bool {
    let attacker = table.get("attacker").and_then(Value::as_str);
    let list = |field: &str| {
        table
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let is_mapped = list("mistake").any(|act| act.get("mapping").is_some());
    let caller = table
        .get("request")
        .and_then(|request| request.get("caller"));
    let calls = |act: &Value| caller.is_some() && act.get("by") == caller;
    matches!(attacker, Some("client" | "front")) || is_mapped || list("acts").any(calls)
}
