//! A string that only takes escaped text, and the frame of the page.

use super::{Language, home};
use crate::question::Filter;

#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of our own.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text of any origin.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    pub(super) fn link(&mut self, href: &str, text: &str) -> &mut Self {
        self.raw("<a href=\"").text(href).raw("\">").text(text).raw("</a>")
    }
}

/// The whole page around its body.
pub(super) fn document(language: Language, body: Html) -> String {
    let other = language.other();
    let mut html = Html::default();
    html.raw("<!doctype html>\n<html lang=\"")
        .text(language.name())
        .raw("\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    html.text(language.pick("獬豸 · 行政权力监察", "Xiezhi · supervision of administrative power"));
    html.raw("</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<header><h1>");
    html.link(&home(language), language.pick("獬豸", "Xiezhi")).raw("</h1><nav>");
    html.link("/api/v1/alarms", language.pick("接口", "API")).raw(" ");
    html.link("/api/v1/openapi.json", "OpenAPI").raw(" ");
    html.link("/api/v1/progress", language.pick("进度", "Progress")).raw(" ");
    html.link("/api/v1/completeness", language.pick("完整性", "Completeness")).raw(" ");
    html.link("/api/v1/incidents", language.pick("异常", "Incidents")).raw(" ");
    html.link("/api/v1/dead-letters", language.pick("死信", "Dead letters")).raw(" ");
    html.link(&super::pairs_link(&Filter::default(), other), other.own_name())
        .raw("</nav></header>\n<main>\n");
    html.0.push_str(&body.0);
    html.raw("</main>\n</body>\n</html>\n");
    html.0
}
