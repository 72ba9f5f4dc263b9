//! The dashboards as they are checked in, read as Grafana would.

use serde_json::Value;
use system_tests::programs;

pub(super) struct Board {
    pub(super) uid: String,
    pub(super) variables: Vec<Variable>,
    panels: Vec<Panel>,
    links: Vec<String>,
}

pub(super) struct Variable {
    pub(super) name: String,
    /// Of a variable whose values come from ClickHouse.
    pub(super) sql: Option<String>,
    pub(super) values: Vec<String>,
}

pub(super) struct Panel {
    /// With its dashboard.
    pub(super) name: String,
    json: Value,
}

pub(super) struct Column {
    pub(super) name: String,
    pub(super) links: Vec<String>,
    /// The values that have words.
    pub(super) words: Option<Vec<String>>,
}

pub(super) fn all() -> Vec<Board> {
    let root = programs::root().join("deploy/grafana/dashboards");
    let folders = ["zh", "en"].map(|language| root.join(language));
    let files =
        folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("the folder is there").flatten());
    let mut files: Vec<_> = files.map(|entry| entry.path()).collect();
    files.sort();
    files.iter().map(|path| Board::read(&std::fs::read_to_string(path).expect("it can be read"))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Board {
    fn read(json: &str) -> Self {
        let json: Value = serde_json::from_str(json).expect("a dashboard is JSON");
        let uid = text(&json["uid"]);
        assert!(uid.len() <= 40, "{uid}: Grafana allows 40 characters");
        let panels = list(&json["panels"]).iter().filter(|panel| panel["type"] != "row");
        let panels: Vec<Panel> = panels
            .map(|panel| Panel { name: format!("{uid}: {}", text(&panel["title"])), json: panel.clone() })
            .collect();
        let variables = list(&json["templating"]["list"]).iter().filter(|v| v["type"] != "constant");
        let links = list(&json["links"]).iter().filter(|link| link["type"] == "link");
        Self {
            variables: variables.map(Variable::read).collect(),
            links: links.map(|link| text(&link["url"])).collect(),
            panels,
            uid,
        }
    }

    pub(super) fn panels(&self) -> Vec<&Panel> {
        self.panels.iter().collect()
    }

    pub(super) fn links(&self) -> &[String] {
        &self.links
    }
}

impl Variable {
    fn read(json: &Value) -> Self {
        Self {
            name: text(&json["name"]),
            sql: (json["type"] == "query").then(|| text(&json["query"]["rawSql"])),
            values: list(&json["options"]).iter().map(|option| text(&option["value"])).collect(),
        }
    }
}

impl Panel {
    /// The query of a panel that asks ClickHouse, in the plugin's SQL editor form.
    pub(super) fn sql(&self) -> Option<&str> {
        let target = &self.json["targets"][0];
        if target["datasource"]["type"] != "grafana-clickhouse-datasource" {
            return None;
        }
        assert_eq!(target["editorType"], "sql", "{}", self.name);
        let form = if self.is_series() { ("timeseries", 0) } else { ("table", 1) };
        assert_eq!(
            (target["queryType"].as_str(), target["format"].as_u64()),
            (Some(form.0), Some(form.1)),
            "{}",
            self.name
        );
        target["rawSql"].as_str()
    }

    pub(super) fn promql(&self) -> Vec<&str> {
        list(&self.json["targets"]).iter().filter_map(|target| target["expr"].as_str()).collect()
    }

    pub(super) fn is_series(&self) -> bool {
        self.json["type"] == "timeseries"
    }

    pub(super) fn place(&self) -> String {
        self.json["gridPos"].to_string()
    }

    pub(super) fn links(&self) -> Vec<String> {
        list(&self.json["links"]).iter().map(|link| text(&link["url"])).collect()
    }

    /// What is said of columns of a table.
    pub(super) fn columns(&self) -> Vec<Column> {
        if self.json["type"] != "table" {
            return Vec::new();
        }
        let property = |field: &Value, id: &str| {
            list(&field["properties"]).iter().find(|p| p["id"] == id).map(|p| p["value"].clone())
        };
        let read = |field: &Value| Column {
            name: text(&field["matcher"]["options"]),
            links: list(&property(field, "links").unwrap_or_default())
                .iter()
                .map(|link| text(&link["url"]))
                .collect(),
            words: property(field, "mappings")
                .and_then(|mappings| Some(mappings[0]["options"].as_object()?.keys().cloned().collect())),
        };
        list(&self.json["fieldConfig"]["overrides"]).iter().map(read).collect()
    }
}
