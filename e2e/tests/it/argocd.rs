//! The health check for Argo CD, run as Argo CD runs it, over every state in the operator's README.

use mlua::Lua;
use serde_json::{Value, json};

use crate::tools::read;
use crate::yaml::{documents, text};

fn script() -> String {
    let all = documents(&read("manifests/examples/argocd.yaml"));
    let map = all.iter().find(|object| text(object, "/kind") == "ConfigMap").unwrap();
    map["data"]["resource.customizations.health.trendjob.dev_TrendJob"].as_str().unwrap().to_owned()
}

/// Writes a value as Lua source: Argo CD passes objects as tables.
fn lua(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("[{name:?}]={}", lua(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            format!("{{{}}}", items.iter().map(lua).collect::<Vec<_>>().join(","))
        }
        Value::Null => "nil".to_owned(),
        other => other.to_string(),
    }
}

fn health(object: &Value) -> (String, String) {
    let lua_state = Lua::new();
    let source = format!("local obj = {}\n{}", lua(object), script());
    let health: mlua::Table = lua_state.load(source).eval().unwrap();
    (health.get("status").unwrap(), health.get("message").unwrap())
}

/// Returns the rows of the table of states: the state's name, an object in that state, and kstatus'
/// result.
fn states() -> Vec<(String, Value, String)> {
    let readme = read("operator/README.md");
    let table =
        readme.split("<!-- states -->").nth(1).unwrap().split("<!-- /states -->").next().unwrap();
    let mut rows = table.lines().filter(|line| line.starts_with('|')).map(|line| {
        line.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().replace("**", ""))
            .collect::<Vec<_>>()
    });
    let heads = rows.next().unwrap();
    rows.skip(1)
        .map(|cells| {
            let conditions: Vec<Value> = heads[2..heads.len() - 1]
                .iter()
                .zip(&cells[2..])
                .map(|(kind, cell)| {
                    let status = cell.split(' ').next().unwrap();
                    json!({"type": kind, "status": status, "message": format!("from {kind}")})
                })
                .collect();
            let object = json!({
                "metadata": {"generation": 2},
                "status": {"observedGeneration": 2, "conditions": conditions},
            });
            (cells[0].clone(), object, cells.last().unwrap().clone())
        })
        .collect()
}

#[test]
fn every_state_has_the_health_that_a_user_expects() {
    let found: Vec<(String, String)> =
        states().into_iter().map(|(state, object, _)| (state, health(&object).0)).collect();
    let expected = [
        ("suspended before it began", "Suspended"),
        ("pods run", "Progressing"),
        ("pods run, some fail or wait for room", "Progressing"),
        ("a user has to fix a cause", "Degraded"),
        ("suspended", "Suspended"),
        ("waits in its queue", "Progressing"),
        ("failed, another run begins soon", "Progressing"),
        ("published", "Healthy"),
        ("a later run was published first", "Healthy"),
        ("failed", "Degraded"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(state, health)| ((*state).to_owned(), (*health).to_owned()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_health_never_contradicts_kstatus() {
    for (state, object, kstatus) in states() {
        let health = health(&object).0;
        let allowed: &[&str] = match kstatus.as_str() {
            "Current" => &["Healthy"],
            "Failed" => &["Degraded"],
            _ => &["Progressing", "Suspended"],
        };
        assert!(allowed.contains(&health.as_str()), "{state}: {health}, {kstatus}");
    }
}

#[test]
fn the_health_is_progressing_until_the_operator_has_seen_the_object() {
    let (status, message) = health(&json!({"metadata": {"generation": 1}}));
    assert_eq!((status.as_str(), message.as_str()), ("Progressing", "waiting for the operator"));
    let (_, mut published, _) =
        states().into_iter().find(|(state, ..)| state == "published").unwrap();
    assert_eq!(health(&published), ("Healthy".to_owned(), "from Ready".to_owned()));
    published["metadata"]["generation"] = json!(3);
    assert_eq!(health(&published).0, "Progressing", "the conditions are those of an earlier spec");
}
