//! The keys in a configuration file.

/// The dotted keys of all values in a TOML document, sorted.
pub fn keys(toml: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut tables = vec![(String::new(), toml.parse::<toml::Table>().expect("TOML"))];
    while let Some((above, table)) = tables.pop() {
        for (key, value) in table {
            match value {
                toml::Value::Table(table) => tables.push((format!("{above}{key}."), table)),
                _ => keys.push(format!("{above}{key}")),
            }
        }
    }
    keys.sort();
    keys
}
