//! One panel: what it asks, and how Grafana shows the answer.

use serde_json::{Value, json};

use super::words::Words;

pub(super) const CLICKHOUSE: &str = "xiezhi-clickhouse";
pub(super) const PROMETHEUS: &str = "xiezhi-prometheus";
const RED: &str = "red";
const YELLOW: &str = "yellow";

/// How an answer is shown; the grid has 24 columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// One number.
    Stat,
    /// Numbers over time, as stacked bars.
    Bars,
    /// Numbers over time, as lines.
    Lines,
    /// A bar a row, the longest first.
    Ranking,
    Pie,
    Table,
}

#[derive(Clone, Debug)]
pub(super) enum Query {
    /// Rows of ClickHouse.
    Rows(String),
    /// Rows of ClickHouse that begin with a column `time`; a text after it tells series apart.
    Series(String),
    /// PromQL, each with the name of its series.
    Metrics(Vec<(String, String)>),
}

/// What is special about a column of a table.
#[derive(Clone, Debug)]
pub(super) struct Column {
    name: &'static str,
    properties: Vec<Value>,
}

#[derive(Clone, Debug)]
pub(super) struct Panel {
    pub(super) title: String,
    pub(super) about: &'static str,
    pub(super) view: View,
    pub(super) query: Query,
    pub(super) width: u32,
    pub(super) height: u32,
    unit: &'static str,
    /// From this value on a number is yellow, red.
    limits: Option<(f64, f64)>,
    colour: Option<&'static str>,
    columns: Vec<Column>,
    links: Vec<Value>,
}

impl Column {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, properties: Vec::new() }
    }

    fn with(mut self, id: &str, value: Value) -> Self {
        self.properties.push(json!({"id": id, "value": value}));
        self
    }

    pub(super) fn wide(self, pixels: u32) -> Self {
        self.with("custom.width", json!(pixels))
    }

    pub(super) fn unit(self, unit: &str) -> Self {
        self.with("unit", json!(unit))
    }

    /// Shown in words, kept as it is for links.
    pub(super) fn named(self, words: &Words) -> Self {
        let option = |(index, (value, word)): (usize, &(&str, &str))| {
            let mut shown = json!({"text": word, "index": index});
            if [RED, YELLOW].contains(value) {
                shown["color"] = json!(value);
            }
            ((*value).to_owned(), shown)
        };
        let options: serde_json::Map<_, _> = words.iter().enumerate().map(option).collect();
        let column = self.with("mappings", json!([{"type": "value", "options": options}]));
        if words.iter().any(|(value, _)| *value == RED) {
            return column.with("custom.cellOptions", json!({"type": "color-text"}));
        }
        column
    }

    /// A link of the cell; several are a menu.
    pub(super) fn link(mut self, title: &str, url: &str) -> Self {
        let link = link(title, url);
        let links = self.properties.iter_mut().find(|p| p["id"] == "links");
        match links.and_then(|links| links["value"].as_array_mut()) {
            Some(links) => links.push(link),
            None => self.properties.push(json!({"id": "links", "value": [link]})),
        }
        self
    }
}

fn link(title: &str, url: &str) -> Value {
    // What is of Grafana stays in its tab.
    json!({"title": title, "url": url, "targetBlank": url.starts_with("${console")})
}

impl Panel {
    fn new(title: &str, view: View, query: Query, width: u32, height: u32) -> Self {
        Self {
            title: title.to_owned(),
            about: "",
            view,
            query,
            width,
            height,
            unit: "short",
            limits: None,
            colour: None,
            columns: Vec::new(),
            links: Vec::new(),
        }
    }

    pub(super) fn stat(title: &str, sql: String) -> Self {
        Self::new(title, View::Stat, Query::Rows(sql), 4, 4)
    }

    pub(super) fn bars(title: &str, sql: String) -> Self {
        Self::new(title, View::Bars, Query::Series(sql), 12, 8)
    }

    pub(super) fn ranking(title: &str, sql: String) -> Self {
        Self::new(title, View::Ranking, Query::Rows(sql), 8, 8)
    }

    pub(super) fn pie(title: &str, sql: String) -> Self {
        Self::new(title, View::Pie, Query::Rows(sql), 8, 8)
    }

    pub(super) fn table(title: &str, sql: String, columns: Vec<Column>) -> Self {
        Self { columns, ..Self::new(title, View::Table, Query::Rows(sql), 12, 9) }
    }

    pub(super) fn metric(title: &str, expression: &str) -> Self {
        let query = Query::Metrics(vec![(expression.to_owned(), String::new())]);
        Self::new(title, View::Stat, query, 4, 4)
    }

    pub(super) fn metrics(title: &str, series: &[(&str, &str)]) -> Self {
        let series = series.iter().map(|(e, name)| ((*e).to_owned(), (*name).to_owned())).collect();
        Self::new(title, View::Lines, Query::Metrics(series), 8, 8)
    }

    pub(super) fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    pub(super) fn size(self, width: u32, height: u32) -> Self {
        Self { width, height, ..self }
    }

    pub(super) fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    pub(super) fn colour(self, colour: &'static str) -> Self {
        Self { colour: Some(colour), ..self }
    }

    pub(super) fn limits(self, yellow: f64, red: f64) -> Self {
        Self { limits: Some((yellow, red)), ..self }
    }

    pub(super) fn link(mut self, title: &str, url: &str) -> Self {
        self.links.push(link(title, url));
        self
    }

    pub(super) fn json(&self, id: usize, (x, y): (u32, u32)) -> Value {
        let mut panel = json!({
            "id": id,
            "title": self.title,
            "description": self.about,
            "type": self.kind(),
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "datasource": self.datasource(),
            "targets": self.targets(),
            "fieldConfig": {"defaults": self.defaults(), "overrides": self.overrides()},
            "options": self.options(),
        });
        if !self.links.is_empty() {
            panel["links"] = json!(self.links);
        }
        panel
    }

    const fn kind(&self) -> &'static str {
        match self.view {
            View::Stat => "stat",
            View::Bars | View::Lines => "timeseries",
            View::Ranking => "bargauge",
            View::Pie => "piechart",
            View::Table => "table",
        }
    }

    fn datasource(&self) -> Value {
        match self.query {
            Query::Rows(_) | Query::Series(_) => clickhouse(),
            Query::Metrics(_) => json!({"type": "prometheus", "uid": PROMETHEUS}),
        }
    }

    /// The plugin's SQL editor form: `format` is 0 for time series, 1 for tables.
    fn targets(&self) -> Vec<Value> {
        let sql = |sql: &str, kind: &str, format: u32| {
            vec![json!({
                "refId": "A", "datasource": clickhouse(), "editorType": "sql", "queryType": kind, "format": format,
                "rawSql": sql, "pluginVersion": ""})]
        };
        match &self.query {
            Query::Rows(text) => sql(text, "table", 1),
            Query::Series(text) => sql(text, "timeseries", 0),
            Query::Metrics(series) => {
                let target = |(index, (expression, name)): (usize, &(String, String))| {
                    let letter = char::from(b'A' + index as u8).to_string();
                    let legend = if name.is_empty() { "__auto" } else { name };
                    json!({"refId": letter, "datasource": self.datasource(), "editorMode": "code", "expr": expression,
                        "legendFormat": legend, "range": true, "instant": false})
                };
                series.iter().enumerate().map(target).collect()
            }
        }
    }

    fn defaults(&self) -> Value {
        let mut defaults = json!({"unit": self.unit, "mappings": [], "color": {"mode": "palette-classic"}});
        if let Some((yellow, red)) = self.limits {
            defaults["color"] = json!({"mode": "thresholds"});
            defaults["thresholds"] = json!({"mode": "absolute", "steps": [
                {"color": "green", "value": null}, {"color": YELLOW, "value": yellow}, {"color": RED, "value": red}]});
        } else if self.view == View::Stat {
            defaults["color"] = json!({"mode": "fixed", "fixedColor": self.colour.unwrap_or("text")});
        }
        match self.view {
            View::Bars => {
                defaults["custom"] = json!({"drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0,
                    "stacking": {"mode": "normal", "group": "A"}});
            }
            View::Lines => {
                defaults["custom"] =
                    json!({"drawStyle": "line", "fillOpacity": 10, "lineWidth": 1, "showPoints": "auto"});
            }
            View::Table => defaults["custom"] = json!({"align": "auto", "filterable": true}),
            View::Stat | View::Ranking | View::Pie => {}
        }
        if matches!(self.query, Query::Series(_)) {
            defaults["displayName"] = json!("${__field.labels.series}");
        }
        defaults
    }

    fn overrides(&self) -> Vec<Value> {
        let light = |name: &str, colour: &str| {
            json!({"matcher": {"id": "byName", "options": name},
                "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}]})
        };
        let column = |column: &Column| json!({"matcher": {"id": "byName", "options": column.name}, "properties": column.properties});
        let mut overrides: Vec<Value> = self.columns.iter().map(column).collect();
        if matches!(self.view, View::Bars | View::Pie) {
            overrides.extend(super::words::LIGHTS.iter().map(|(colour, name)| light(name, colour)));
        }
        overrides
    }

    fn options(&self) -> Value {
        let reduce = |all: bool| json!({"calcs": ["lastNotNull"], "fields": "", "values": all});
        match self.view {
            View::Stat => json!({"reduceOptions": reduce(false), "colorMode": "value", "graphMode": "none",
                "textMode": "auto", "justifyMode": "auto", "orientation": "auto"}),
            View::Bars | View::Lines => json!({
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []},
                "tooltip": {"mode": "multi", "sort": "desc"}}),
            View::Ranking => json!({"reduceOptions": reduce(true), "orientation": "horizontal",
                "displayMode": "basic", "showUnfilled": true, "valueMode": "color"}),
            View::Pie => {
                json!({"reduceOptions": reduce(true), "pieType": "donut", "displayLabels": ["percent"],
                "legend": {"displayMode": "table", "placement": "right", "showLegend": true, "values": ["value"]},
                "tooltip": {"mode": "single", "sort": "none"}})
            }
            View::Table => json!({"showHeader": true, "cellHeight": "sm",
                "footer": {"show": false, "reducer": ["sum"], "fields": ""}}),
        }
    }
}

pub(super) fn clickhouse() -> Value {
    json!({"type": "grafana-clickhouse-datasource", "uid": CLICKHOUSE})
}
