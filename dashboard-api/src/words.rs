//! The closed vocabularies of the parameters, and their schemas for the OpenAPI document.

use model::finding::{Code, Kind, Light, State};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use workflow::supervision::{Category, Late, Stage, What};

/// The classes of administrative power, as `model::catalogue::Category` writes them.
pub(crate) const CATEGORIES: [&str; 10] = [
    "licence",
    "penalty",
    "coercion",
    "levy",
    "payment",
    "ruling",
    "confirmation",
    "reward",
    "inspection",
    "other",
];
pub(crate) const AXES: [&str; 4] = ["accepted", "violated", "raised", "changed"];
pub(crate) const SHADOWS: [&str; 1] = ["only"];
pub(crate) const COUNTS: [&str; 2] = ["none", "exact"];
/// Where the live stream begins.
pub(crate) const STARTS: [&str; 2] = ["now", "kept"];
pub(crate) const LANGUAGES: [&str; 2] = ["zh", "en"];
/// Where a version of a rule is on its way, as `workflow::State` writes it.
pub(crate) const STAGES: [&str; 8] =
    ["draft", "legally_passed", "submitted", "first_passed", "approved", "returned", "replaced", "withdrawn"];
pub(crate) const GROUPS: [&str; 10] =
    ["day", "hour", "org", "region", "item", "category", "kind", "code", "light", "state"];

pub(crate) fn kinds() -> Vec<&'static str> {
    Kind::ALL.iter().map(|kind| kind.as_str()).collect()
}

pub(crate) fn codes() -> Vec<&'static str> {
    Code::ALL.iter().map(|code| code.as_str()).collect()
}

pub(crate) fn states() -> Vec<&'static str> {
    State::ALL.iter().map(|state| state.as_str()).collect()
}

pub(crate) fn lights() -> Vec<&'static str> {
    [Light::Yellow, Light::Red].iter().map(|light| light.as_str()).collect()
}

/// What can wait for somebody.
fn waits() -> impl Iterator<Item = &'static str> {
    let whats = [
        What::Assign,
        What::Answer,
        What::Reply,
        What::Decide,
        What::FactChanged,
        What::PassLegally,
        What::Submit,
        What::PassFirst,
        What::PassFinal,
        What::Redraft,
    ];
    whats.into_iter().map(What::as_str).chain(Late::ALL.map(Late::as_str))
}

/// Types that stand for a vocabulary in declarations; `inline` keeps the words beside the parameter that takes them.
macro_rules! vocabularies {
    ($($name:ident = $words:expr;)*) => {
        $(
            pub(crate) struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    ObjectBuilder::new().schema_type(Type::String).enum_values(Some($words)).into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

vocabularies! {
    CategoryWord = CATEGORIES.into_iter().chain([""]);
    KindWord = kinds();
    CodeWord = codes();
    LightWord = lights();
    StateWord = states();
    AxisWord = AXES;
    CountWord = COUNTS;
    GroupWord = GROUPS;
    LanguageWord = LANGUAGES;
    StartWord = STARTS;
    StageWord = STAGES;
    OrderStageWord = Stage::ALL.map(Stage::as_str);
    CategoryOfRevocationWord = Category::ALL.map(Category::as_str);
    WaitWord = waits();
}

#[cfg(test)]
mod tests {
    use model::catalogue::Category;

    use super::*;

    #[test]
    fn the_categories_are_those_of_the_model() {
        for word in CATEGORIES {
            let category: Category = serde_json::from_value(word.into()).unwrap();
            assert_eq!(serde_json::to_value(category).unwrap(), word);
        }
    }
}
