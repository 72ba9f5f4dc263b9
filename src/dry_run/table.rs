//! A dry run's report for people.

use std::io::{self, Write};

use model::dry_run::{Counts, Direction, Group, Part, Report};

pub(super) fn print(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let Report { engine, content, against, as_of, cases, events, .. } = report;
    let subject = match (&report.rule, report.version) {
        (Some(rule), Some(version)) => format!("{rule}, version {version}"),
        (Some(rule), None) => rule.clone(),
        _ => "a catalogue".to_owned(),
    };
    writeln!(out, "Dry run 试运行: {subject} (content {content})")?;
    writeln!(out, "against {against:?}, as of {as_of}: {cases} cases, {events} events; {engine}")?;
    let title = "Had it been in force over all of this history 若始终有效";
    part(out, title, &report.history)?;
    match &report.switch {
        Some(switch) => {
            part(out, "What happens to cases accepted before, at the switch 切换时对在办事项", switch)
        }
        None => writeln!(
            out,
            "\nCases accepted before its moment keep their rules 在办事项不受影响 (in_flight: pin)"
        ),
    }
}

fn part(out: &mut dyn Write, title: &str, part: &Part) -> io::Result<()> {
    let Part { alarms_before, alarms_after, counts, renamed, groups, samples } = part;
    writeln!(
        out,
        "\n{title}:\n  {alarms_before} alarms become {alarms_after}; {renamed} change nothing but their version's name"
    )?;
    writeln!(
        out,
        "  {:<22} {:<20} {:<8} {:>9} {:>9} {:>9}",
        "kind", "org", "month", "added", "removed", "changed"
    )?;
    for Group { kind, org, month, counts } in groups {
        line(out, [kind.as_str(), org, month], *counts)?;
    }
    line(out, ["total", "", ""], *counts)?;
    for sample in samples {
        let sign = match sample.direction {
            Direction::Added => '+',
            Direction::Removed => '-',
            Direction::Changed => '~',
        };
        writeln!(
            out,
            "  {sign} {} {} {}: {}",
            sample.case, sample.code, sample.finding_id, sample.explanation.zh
        )?;
        writeln!(out, "    {}", sample.explanation.en)?;
        if let Some(was) = &sample.was {
            writeln!(out, "    before 原为: {} / {}", was.zh, was.en)?;
        }
    }
    Ok(())
}

fn line(out: &mut dyn Write, [kind, org, month]: [&str; 3], counts: Counts) -> io::Result<()> {
    let Counts { added, removed, changed } = counts;
    writeln!(out, "  {kind:<22} {org:<20} {month:<8} {added:>9} {removed:>9} {changed:>9}")
}
