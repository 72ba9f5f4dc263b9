//! The page at `/plain` as HTML. Pure; everything that came from outside is escaped, and there is no script.

mod html;
mod language;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::dto::{link, next_cursor, segment};
use crate::error::Problem;
use crate::question::{Field, Filter};
use crate::store::rows::{AlarmRow, StatsRow};
use html::{Html, document};
pub(crate) use language::Language;

/// Where the page is.
const ADDRESS: &str = "/plain";
pub(crate) const STYLE: &str = include_str!("page/style.css");

/// What the page shows.
pub(crate) struct View {
    filter: Filter,
    alarms: Vec<AlarmRow>,
    /// By kind and light.
    groups: Vec<StatsRow>,
    next: Option<String>,
    /// Who looks, where that is known.
    person: Option<String>,
}

impl View {
    /// `alarms` were asked for with one more than `limit`.
    pub(crate) fn new(filter: Filter, limit: u32, mut alarms: Vec<AlarmRow>, groups: Vec<StatsRow>) -> Self {
        let next = next_cursor(&filter, limit, &mut alarms);
        Self { filter, alarms, groups, next, person: None }
    }

    pub(crate) fn seen_by(mut self, person: Option<&str>) -> Self {
        self.person = person.map(str::to_owned);
        self
    }
}

pub(crate) fn render(view: &View, language: Language) -> String {
    let mut html = Html::default();
    greet(&mut html, view.person.as_deref(), language);
    console(&mut html, language);
    table(&mut html, view, language);
    filters(&mut html, &view.filter, language);
    list(&mut html, view, language);
    if let Some(cursor) = &view.next {
        let mut pairs = pairs(&view.filter, language);
        pairs.push(("cursor", cursor.clone()));
        html.raw("<p class=\"next\">")
            .link(&link(ADDRESS, &pairs), language.pick("下一页", "Next page"))
            .raw("</p>\n");
    }
    document(language, html)
}

pub(crate) fn render_problem(problem: &Problem, person: Option<&str>, language: Language) -> String {
    let mut html = Html::default();
    greet(&mut html, person, language);
    html.raw("<section class=\"problem\"><h2>")
        .text(problem.kind.title())
        .raw("</h2><p>")
        .text(&problem.detail);
    html.raw("</p><p>")
        .link(&home(language), language.pick("回到首页", "Start again"))
        .raw("</p></section>\n");
    document(language, html)
}

/// Who looks, and the way out.
fn greet(html: &mut Html, person: Option<&str>, language: Language) {
    if let Some(person) = person {
        html.raw("<p class=\"facts\">").text(person).raw(" · ");
        html.link("/session/logout", language.pick("退出", "Sign out")).raw("</p>\n");
    }
}

/// The way to the console, or how to get one.
fn console(html: &mut Html, language: Language) {
    html.raw("<p class=\"facts\">");
    if crate::console::is_built() {
        html.link("/", language.pick("进入控制台", "To the console"));
    } else {
        let how = language.pick(
            "此程序未编入控制台：请先运行 cargo xtask console，再重新构建。",
            "This binary was built without the console: run cargo xtask console, then build again.",
        );
        html.text(how);
    }
    html.raw("</p>\n");
}

fn home(language: Language) -> String {
    pairs_link(&Filter::default(), language)
}

fn pairs(filter: &Filter, language: Language) -> Vec<(&'static str, String)> {
    let mut pairs = filter.pairs();
    pairs.push(("lang", language.name().to_owned()));
    pairs
}

fn pairs_link(filter: &Filter, language: Language) -> String {
    link(ADDRESS, &pairs(filter, language))
}

/// Kinds down, lights across; every number leads to its list.
fn table(html: &mut Html, view: &View, language: Language) {
    html.raw("<section><h2>").text(language.pick("按监察点类型", "By kind of supervision point"));
    html.raw("</h2>\n<table><thead><tr><th></th>");
    for light in ["yellow", "red"] {
        html.raw("<th>").text(language.light(light)).raw("</th>");
    }
    html.raw("</tr></thead>\n<tbody>\n");
    for kind in crate::words::kinds() {
        html.raw("<tr><th>").text(language.kind(kind)).raw("</th>");
        for light in ["yellow", "red"] {
            cell(html, view, language, kind, light);
        }
        html.raw("</tr>\n");
    }
    html.raw("</tbody></table></section>\n");
}

fn cell(html: &mut Html, view: &View, language: Language, kind: &str, light: &str) {
    let number = view.groups.iter().find(|row| row.key == [kind, light]).map_or(0, |row| row.number);
    html.raw("<td class=\"").raw(if number == 0 { "none" } else { light_class(light) }).raw("\">");
    if number == 0 {
        html.text("0");
    } else {
        let filter = view.filter.clone().with(Field::Kind, kind).with(Field::Light, light);
        html.link(&pairs_link(&filter, language), &number.to_string());
    }
    html.raw("</td>");
}

fn light_class(light: &str) -> &'static str {
    if light == "red" { "red" } else { "yellow" }
}

/// What is filtered by now, and the way out of it.
fn filters(html: &mut Html, filter: &Filter, language: Language) {
    html.raw("<section><h2>").text(language.pick("最新预警", "Latest alarms")).raw("</h2>\n");
    if *filter == Filter::default() {
        return;
    }
    html.raw("<p class=\"filters\">");
    for (name, value) in filter.pairs() {
        html.raw("<span>").text(name).text(" = ").text(&value).raw("</span> ");
    }
    html.link(&home(language), language.pick("全部", "Show all")).raw("</p>\n");
}

fn list(html: &mut Html, view: &View, language: Language) {
    if view.alarms.is_empty() {
        html.raw("<p class=\"empty\">")
            .text(language.pick("没有预警。", "No alarms."))
            .raw("</p></section>\n");
        return;
    }
    html.raw("<ol>\n");
    for alarm in &view.alarms {
        item(html, alarm, language);
    }
    html.raw("</ol></section>\n");
}

fn item(html: &mut Html, alarm: &AlarmRow, language: Language) {
    let explanation = language.pick(&alarm.explanation_zh, &alarm.explanation_en);
    html.raw("<li class=\"")
        .raw(light_class(&alarm.light))
        .raw("\"><p>")
        .text(explanation)
        .raw("</p><p class=\"facts\">");
    html.raw("<time>").text(&local(alarm.raised_ms)).raw("</time> · ").text(language.kind(&alarm.kind));
    html.raw(" · ").text(&alarm.code).raw(" · ").text(&alarm.org).raw(" · ");
    let timeline = format!("/api/v1/cases/{}/timeline", segment(&alarm.case_id));
    html.text(language.pick("办件 ", "case ")).link(&timeline, &alarm.case_id).raw(" · ");
    let details = format!("/api/v1/alarms/{}", segment(&alarm.finding_id));
    html.link(&details, language.pick("详情", "details")).raw("</p></li>\n");
}

/// The zone of those who read it; the API itself speaks UTC.
fn local(ms: i64) -> String {
    let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
    match Timestamp::from_millisecond(ms) {
        Ok(at) => at.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => ms.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_outside_is_escaped() {
        let alarm = AlarmRow {
            case_id: "a/b\"><script>".into(),
            explanation_en: "<b>&".into(),
            light: "red".into(),
            ..AlarmRow::default()
        };
        let view = View::new(Filter::default().with(Field::Org, "<i>"), 5, vec![alarm], Vec::new());
        let page = render(&view, Language::En);
        assert!(page.contains("&lt;b&gt;&amp;"));
        assert!(page.contains("/api/v1/cases/a%2Fb%22%3E%3Cscript%3E/timeline"));
        assert!(!page.contains("<script") && !page.contains("<i>"));
    }

    #[test]
    fn every_number_leads_to_its_list() {
        let groups = vec![StatsRow { key: vec!["evidence".into(), "red".into()], number: 7 }];
        let page = render(&View::new(Filter::default(), 5, Vec::new(), groups), Language::Zh);
        assert!(page.contains("<a href=\"/plain?kind=evidence&amp;light=red&amp;lang=zh\">7</a>"));
        assert!(page.contains("证据固化") && page.contains("没有预警"));
    }
}
