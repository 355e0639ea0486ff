//! Places in a manifest and in its schema, written `spec.input.uris[]`. Owns this notation, in
//! which the empty text is the root.

use serde_json::Value;

/// Returns the schema at a place.
pub(crate) fn schema_at<'a>(root: &'a mut Value, place: &str) -> Option<&'a mut Value> {
    let mut schema = root;
    for (name, is_list) in steps(place) {
        schema = schema.get_mut("properties")?.get_mut(name)?;
        if is_list {
            schema = schema.get_mut("items")?;
        }
    }
    Some(schema)
}

/// Returns the values at a place, each with its path, such as `spec.input.uris[2]`.
pub(crate) fn values_at<'a>(root: &'a Value, place: &str) -> Vec<(String, &'a Value)> {
    let mut found = vec![(String::new(), root)];
    for (name, is_list) in steps(place) {
        let fields = found
            .into_iter()
            .filter_map(|(path, value)| Some((join(&path, name), value.get(name)?)));
        found = fields.flat_map(|(path, value)| items(path, value, is_list)).collect();
    }
    found
}

/// Returns the path of a field.
pub(crate) fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// The names of a place; true for those that mean each item of a list.
fn steps(place: &str) -> impl Iterator<Item = (&str, bool)> {
    let names = place.split('.').filter(|name| !name.is_empty());
    names.map(|name| name.strip_suffix("[]").map_or((name, false), |name| (name, true)))
}

fn items(path: String, value: &Value, is_list: bool) -> Vec<(String, &Value)> {
    if !is_list {
        return vec![(path, value)];
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    items.map(|(index, item)| (format!("{path}[{index}]"), item)).collect()
}
