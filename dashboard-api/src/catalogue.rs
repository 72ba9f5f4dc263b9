//! The catalogue as clients need it: to name organisations, items and steps, to draw an item, and to know the working days.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What there is, by name; everything of an item stands at its own address.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct CatalogueBody {
    /// Of the files that this process began with.
    version: String,
    /// IANA name of the zone of civil dates.
    time_zone: String,
    orgs: Vec<CatalogueOrg>,
    items: Vec<CatalogueItem>,
    calendar: Vec<CatalogueYear>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct CatalogueOrg {
    id: String,
    name: String,
    parent: Option<String>,
    region: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct CatalogueItem {
    code: String,
    name: CatalogueName,
    category: String,
    #[serde(default)]
    #[schema(required)]
    steps: Vec<CatalogueStep>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct CatalogueStep {
    id: String,
    name: CatalogueName,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct CatalogueName {
    zh: String,
    en: Option<String>,
}

/// Days off and make-up days of a year; all else are weekdays and weekends.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct CatalogueYear {
    year: i32,
    #[serde(default)]
    #[schema(required)]
    holidays: Vec<String>,
    #[serde(default)]
    #[schema(required)]
    workdays: Vec<String>,
}

#[derive(Deserialize)]
struct Settings {
    version: Option<String>,
    #[serde(default = "default_zone")]
    time_zone: String,
}

fn default_zone() -> String {
    crate::limits::DEFAULT_ZONE.to_owned()
}

/// A catalogue's files, read once.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    pub(crate) body: Arc<CatalogueBody>,
    /// By code, as in the files.
    pub(crate) items: Arc<BTreeMap<String, Value>>,
}

impl Reference {
    /// `files` by path, of a catalogue that has been checked: what does not read is left out.
    pub fn of_files(files: &BTreeMap<String, String>) -> Self {
        let below = |dir: &'static str| {
            files.iter().filter(move |(path, _)| path.starts_with(dir)).map(|(_, text)| text.as_str())
        };
        let settings = files.get("catalogue.yaml").map_or("{}", String::as_str);
        let settings = serde_saphyr::from_str(settings);
        let settings = settings.unwrap_or_else(|_| Settings { version: None, time_zone: default_zone() });
        let items: BTreeMap<String, Value> = below("items/")
            .filter_map(|text| serde_saphyr::from_str::<Value>(text).ok())
            .filter_map(|item| Some((item["code"].as_str()?.to_owned(), item)))
            .collect();
        let heads = items.values().filter_map(|item| serde_json::from_value(item.clone()).ok());
        let orgs = files.get("orgs.yaml").map_or("[]", String::as_str);
        let body = CatalogueBody {
            version: settings.version.unwrap_or_default(),
            time_zone: settings.time_zone,
            orgs: serde_saphyr::from_str(orgs).unwrap_or_default(),
            items: heads.collect(),
            calendar: below("calendar/").filter_map(|text| serde_saphyr::from_str(text).ok()).collect(),
        };
        Self { body: Arc::new(body), items: Arc::new(items) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_is_shown_by_its_names() {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let reference = Reference::of_files(&BTreeMap::from([
            file("catalogue.yaml", "version: v1\n"),
            file(
                "items/a.yaml",
                "code: A-1\nname: {zh: 甲}\ncategory: penalty\nsteps: [{id: s, name: {zh: 立案}}]\nlimits: []\n",
            ),
            file("orgs.yaml", "- {id: \"1\", name: 市, region: \"990100\", sources: [\"urn:x\"]}\n"),
            file("calendar/2026.yaml", "year: 2026\nholidays: [\"2026-01-01\"]\n"),
        ]));
        let body = serde_json::to_value(&*reference.body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "version": "v1", "time_zone": "Asia/Shanghai",
                "orgs": [{"id": "1", "name": "市", "parent": null, "region": "990100"}],
                "items": [{"code": "A-1", "name": {"zh": "甲", "en": null}, "category": "penalty",
                           "steps": [{"id": "s", "name": {"zh": "立案", "en": null}}]}],
                "calendar": [{"year": 2026, "holidays": ["2026-01-01"], "workdays": []}],
            })
        );
        assert_eq!(reference.items["A-1"]["limits"], serde_json::json!([]));
    }
}
