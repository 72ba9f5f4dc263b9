//! A dashboard's layout as a small picture for docs/grafana.md: drawn from the very same places, so it cannot be wrong.

use super::board::{Board, Placed};
use super::panel::{Panel, View};

/// Pixels of a column and of a line of the grid.
const COLUMN: u32 = 40;
const LINE: u32 = 18;
const GRID: u32 = 24;
const FONT: &str = "font-family=\"sans-serif\" font-size=\"12\"";

pub(super) fn svg(board: &Board) -> String {
    let layout = board.layout();
    let lines = layout.iter().map(end).max().unwrap_or(1);
    let (width, height) = (GRID * COLUMN, (lines + 2) * LINE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#f4f5f7\"/>\n\
         <text x=\"8\" y=\"20\" font-weight=\"bold\" {FONT}>{}</text>\n",
        escaped(board.title)
    );
    for placed in &layout {
        svg.push_str(&match placed {
            Placed::Title(title, y) => {
                format!(
                    "<text x=\"8\" y=\"{}\" fill=\"#555\" {FONT}>▾ {}</text>\n",
                    (y + 3) * LINE - 5,
                    escaped(title)
                )
            }
            Placed::Panel(panel, (x, y)) => drawn(panel, x * COLUMN, (y + 2) * LINE),
        });
    }
    svg + "</svg>\n"
}

fn end(placed: &Placed<'_>) -> u32 {
    match placed {
        Placed::Title(_, y) => y + 1,
        Placed::Panel(panel, (_, y)) => y + panel.height,
    }
}

fn drawn(panel: &Panel, x: u32, y: u32) -> String {
    let (width, height) = (panel.width * COLUMN - 6, panel.height * LINE - 6);
    format!(
        "<rect x=\"{}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\" fill=\"#fff\" stroke=\"#c8ccd4\"/>\n\
         <text x=\"{}\" y=\"{}\" {FONT}>{}</text>\n\
         <text x=\"{}\" y=\"{}\" fill=\"#999\" {FONT}>{}</text>\n",
        x + 3,
        x + 10,
        y + 18,
        escaped(&panel.title),
        x + 10,
        y + height - 10,
        shape(panel.view),
    )
}

const fn shape(view: View) -> &'static str {
    match view {
        View::Stat => "123",
        View::Bars => "▁▃▅▂▇ over time",
        View::Lines => "⟋⟍⟋ over time",
        View::Ranking => "▬▬▬▬ ranking",
        View::Pie => "◔ shares",
        View::Table => "▤ table",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
