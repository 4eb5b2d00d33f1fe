//! Reading a scenario strictly, with every fault that can be told at once.

use serde_path_to_error::Segment;
use toml::{Table, Value};

use crate::fault::Fault;
use crate::model::Scenario;
use crate::nearest::did_you_mean;

/// Most faults told of one table.
const MOST_FAULTS: usize = 50;

/// The scenario of a table, or everything that is wrong with its fields.
pub(crate) fn scenario(table: Table) -> Result<Scenario, Vec<Fault>> {
    let mut value = Value::Table(table);
    let mut faults: Vec<Fault> = Vec::new();
    loop {
        // serde stops at the first fault. So the field at fault is taken out
        // and the rest read again, until nothing is wrong or nothing can be
        // taken out.
        let error = match serde_path_to_error::deserialize::<_, Scenario>(value.clone()) {
            Ok(scenario) if faults.is_empty() => return Ok(scenario),
            Ok(_) => return Err(faults),
            Err(error) => error,
        };
        let mut field: Vec<String> = error.path().iter().filter_map(name).collect();
        let message = error.into_inner().message().trim().to_owned();
        let missing = message
            .strip_prefix("missing field ")
            .and_then(|rest| rest.split('`').nth(1));
        if let Some(missing) = missing {
            field.push(missing.to_owned());
            // Missing because it was at fault and taken out.
            if faults.iter().any(|fault| fault.field == field) {
                return Err(faults);
            }
            field.pop();
        }
        let stop = missing.is_some() || !remove(&mut value, &field);
        faults.push(fault(field, &message));
        if stop || faults.len() >= MOST_FAULTS {
            return Err(faults);
        }
    }
}

/// The fault with the nearest valid name instead of all of them.
fn fault(mut field: Vec<String>, message: &str) -> Fault {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let message = match quoted.next().filter(|_| unknown) {
        Some(name) => {
            let mut known: Vec<&str> = quoted.collect();
            if field.len() <= 1 && message.starts_with("unknown field") {
                known.extend(["case", "sweep"]);
            }
            let what = match message.starts_with("unknown field") {
                true => "field",
                false => "value",
            };
            if what == "field" && field.last().map(String::as_str) == Some(name) {
                field.pop();
            }
            let near = did_you_mean(name, known.iter().copied());
            let near = match near.is_empty() {
                true => format!("; known are {}", known.join(", ")),
                false => near,
            };
            // The path names the table; the name of the field comes first.
            let place = match field.is_empty() {
                true => String::new(),
                false => format!(" in {}", field.join(".")),
            };
            if what == "field" {
                field.push(name.to_owned());
            }
            return Fault {
                field,
                message: format!("unknown {what} `{name}`{place}{near}"),
            };
        }
        None => message.replace('\n', " "),
    };
    let place = match field.is_empty() {
        true => String::new(),
        false => format!(" in {}", field.join(".")),
    };
    Fault {
        message: format!("{message}{place}"),
        field,
    }
}

fn name(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    }
}

/// Takes a field out; whether there was one. An element of a list goes with
/// the whole list, since the others would change their numbers.
fn remove(value: &mut Value, field: &[String]) -> bool {
    let Some((last, path)) = field.split_last() else {
        return false;
    };
    let mut inner = value;
    for name in path {
        if inner.get(name).is_some_and(Value::is_array) {
            return remove_key(inner, name);
        }
        match inner.get_mut(name) {
            Some(deeper) => inner = deeper,
            None => return false,
        }
    }
    remove_key(inner, last)
}

fn remove_key(value: &mut Value, key: &str) -> bool {
    let table = value.as_table_mut();
    table.is_some_and(|table| table.remove(key).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "id = 'x'\ntitle = 'x'\nkind = 'legitimate'\nfamily = 'x'\nwhy = 'x'\n\
                         related = ['x']\nwitness = {}\n";

    fn faults(text: &str) -> Vec<String> {
        let table = toml::from_str(&format!("{LEAST}{text}")).unwrap();
        let faults = scenario(table).expect_err("a faulty scenario");
        faults.into_iter().map(|fault| fault.message).collect()
    }

    #[test]
    fn all_faults_are_told_with_the_nearest_names() {
        let found = faults(
            "rase = true\ncases = []\n[request]\ntargt-user = 'a'\numask = 22\ninit = [1]\n\
             limits.nofile = ['unlimitd', 1]\n[fixture.files.'/a.b']\nkind = 'txt'",
        );
        for expected in [
            "unknown field `rase`; did you mean `race`?",
            "unknown field `cases`; did you mean `case`?",
            "unknown field `targt-user` in request; did you mean `target-user`?",
            "unknown value `txt` in fixture.files./a.b.kind; did you mean `text`?",
        ] {
            assert!(found.iter().any(|fault| fault == expected), "{found:#?}");
        }
        for field in ["request.umask", "request.init.0", "request.limits.nofile.0"] {
            assert!(
                found.iter().any(|fault| fault.contains(field)),
                "{field}: {found:#?}"
            );
        }
        assert_eq!(found.len(), 7, "{found:#?}");
    }

    #[test]
    fn missing_fields_are_told_once() {
        let table = toml::from_str(&LEAST.replace("id = 'x'", "id = 1")).unwrap();
        let faults = scenario(table).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:#?}");
        let table = toml::from_str(&LEAST.replace("id = 'x'", "")).unwrap();
        let faults = scenario(table).unwrap_err();
        assert_eq!(faults[0].message, "missing field `id`");
    }

    #[test]
    fn what_is_right_is_read() {
        let table = toml::from_str(&format!("{LEAST}request.bundle = {{hex = 'ff'}}")).unwrap();
        assert!(scenario(table).is_ok());
    }
}
