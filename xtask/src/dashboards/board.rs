//! A dashboard: rows of panels, the variables that filter them, and its document.

use serde_json::{Value, json};

use super::language::Language;
use super::panel::{Panel, clickhouse};

const GRID: u32 = 24;
/// Grafana 11's; later ones read it as well.
const SCHEMA: u32 = 39;

pub(super) struct Board {
    /// Of its file; its uid is made of it and of the language.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    /// The time that is shown first, to now.
    pub(super) since: &'static str,
    pub(super) refresh: &'static str,
    pub(super) variables: Vec<Variable>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) title: &'static str,
    pub(super) panels: Vec<Panel>,
}

/// A panel, or a row's title, where it stands: x, y.
pub(super) enum Placed<'b> {
    Title(&'b str, u32),
    Panel(&'b Panel, (u32, u32)),
}

pub(super) struct Variable {
    name: &'static str,
    label: &'static str,
    values: Values,
}

enum Values {
    /// Several of what a query gives, or all.
    Query(String),
    /// Several of these (value and word), or all.
    Several(Vec<(&'static str, &'static str)>),
    /// One of these.
    One(Vec<(&'static str, &'static str)>),
}

impl Variable {
    pub(super) fn query(name: &'static str, label: &'static str, sql: &str) -> Self {
        Self { name, label, values: Values::Query(sql.to_owned()) }
    }

    pub(super) fn several(
        name: &'static str,
        label: &'static str,
        values: &[(&'static str, &'static str)],
    ) -> Self {
        Self { name, label, values: Values::Several(values.to_vec()) }
    }

    pub(super) fn one(
        name: &'static str,
        label: &'static str,
        values: &[(&'static str, &'static str)],
    ) -> Self {
        Self { name, label, values: Values::One(values.to_vec()) }
    }

    fn json(&self) -> Value {
        let all = json!({"selected": true, "text": ["All"], "value": ["$__all"]});
        let mut variable = json!({"name": self.name, "label": self.label, "hide": 0, "skipUrlSync": false});
        let members = match &self.values {
            Values::Query(sql) => json!({"type": "query", "datasource": clickhouse(), "definition": sql,
                "query": {"refId": "A", "editorType": "sql", "rawSql": sql}, "refresh": 1, "regex": "", "sort": 0,
                "multi": true, "includeAll": true, "allValue": null, "current": all, "options": []}),
            Values::Several(values) => json!({"type": "custom", "query": pairs(values), "multi": true,
                "includeAll": true, "allValue": null, "current": all, "options": options(values, None)}),
            Values::One(values) => {
                let first = values.first().copied().unwrap_or_default();
                json!({"type": "custom", "query": pairs(values), "multi": false, "includeAll": false,
                    "current": {"selected": true, "text": first.1, "value": first.0},
                    "options": options(values, Some(first.0))})
            }
        };
        if let (Some(variable), Value::Object(members)) = (variable.as_object_mut(), members) {
            variable.extend(members);
        }
        variable
    }
}

/// Grafana's form of values with words: `word : value, …`.
fn pairs(values: &[(&str, &str)]) -> String {
    values.iter().map(|(value, word)| format!("{word} : {value}")).collect::<Vec<_>>().join(", ")
}

fn options(values: &[(&str, &str)], selected: Option<&str>) -> Vec<Value> {
    let option = |(value, word): &(&str, &str)| json!({"text": word, "value": value, "selected": selected == Some(value)});
    values.iter().map(option).collect()
}

impl Board {
    #[cfg(test)]
    pub(super) fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| &row.panels)
    }

    /// Panels from left to right; one that does not fit begins a new line.
    pub(super) fn layout(&self) -> Vec<Placed<'_>> {
        let mut placed = Vec::new();
        let mut top = 0;
        for row in &self.rows {
            placed.push(Placed::Title(row.title, top));
            top += 1;
            let (mut x, mut tallest) = (0, 0);
            for panel in &row.panels {
                if x + panel.width > GRID {
                    (x, top, tallest) = (0, top + tallest, 0);
                }
                placed.push(Placed::Panel(panel, (x, top)));
                (x, tallest) = (x + panel.width, tallest.max(panel.height));
            }
            top += tallest;
        }
        placed
    }

    pub(super) fn uid(&self, language: Language) -> String {
        format!("xiezhi-{}-{}", self.name, language.tag())
    }

    pub(super) fn json(&self, language: Language, console: &str) -> Value {
        let panel = |(index, placed): (usize, Placed<'_>)| match placed {
            Placed::Title(title, y) => {
                json!({"id": index + 1, "type": "row", "title": title, "collapsed": false,
                "gridPos": {"x": 0, "y": y, "w": GRID, "h": 1}, "panels": []})
            }
            Placed::Panel(panel, place) => panel.json(index + 1, place),
        };
        let panels: Vec<Value> = self.layout().into_iter().enumerate().map(panel).collect();
        let mut variables: Vec<Value> = self.variables.iter().map(Variable::json).collect();
        variables.push(json!({"type": "constant", "name": "console", "label": "console", "hide": 2,
            "query": console, "skipUrlSync": true, "current": {"selected": true, "text": console, "value": console},
            "options": [{"selected": true, "text": console, "value": console}]}));
        json!({
            "uid": self.uid(language), "title": self.title, "description": self.about,
            "tags": ["xiezhi", language.tag()], "schemaVersion": SCHEMA, "version": 1, "id": null,
            "editable": true, "graphTooltip": 1, "timezone": "browser", "weekStart": "monday",
            "refresh": self.refresh, "time": {"from": self.since, "to": "now"},
            "timepicker": {}, "annotations": {"list": []}, "templating": {"list": variables},
            "links": self.links(language), "panels": panels,
        })
    }

    /// The other dashboards of this language, and this one in the other.
    fn links(&self, language: Language) -> Value {
        let other = language.other();
        json!([
            {"type": "dashboards", "title": "[[其他看板|Dashboards]]", "tags": ["xiezhi", language.tag()],
             "asDropdown": true, "includeVars": true, "keepTime": true, "targetBlank": false, "icon": "external link",
             "tooltip": "", "url": ""},
            {"type": "link", "title": other.own_name(), "url": format!("/d/{}", self.uid(other)), "includeVars": true,
             "keepTime": true, "targetBlank": false, "icon": "external link", "tooltip": "", "tags": [],
             "asDropdown": false},
            {"type": "link", "title": "[[控制台|Console]]", "url": "${console:raw}/?lang=[[zh|en]]",
             "includeVars": false, "keepTime": false, "targetBlank": true, "icon": "external link", "tooltip": "",
             "tags": [], "asDropdown": false},
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(widths: &[u32]) -> Board {
        let panel = |(n, width): (usize, &u32)| Panel::stat(&n.to_string(), String::new()).size(*width, 4);
        let panels = widths.iter().enumerate().map(panel).collect();
        let rows = vec![Row { title: "row", panels }];
        Board { name: "x", title: "x", about: "", since: "now-1h", refresh: "", variables: Vec::new(), rows }
    }

    #[test]
    fn a_panel_that_does_not_fit_begins_a_new_line() {
        let board = board(&[12, 8, 8, 24]);
        let places: Vec<_> = board
            .layout()
            .into_iter()
            .filter_map(|placed| match placed {
                Placed::Panel(_, place) => Some(place),
                Placed::Title(..) => None,
            })
            .collect();
        assert_eq!(places, [(0, 1), (12, 1), (0, 5), (0, 9)]);
    }
}
