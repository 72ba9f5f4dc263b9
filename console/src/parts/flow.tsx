// An item as a flow chart, with its supervision points and risk points where they stand.

import type { Item } from "../pure/facts.ts";
import { BOX, layoutFlow } from "../pure/flow.ts";
import { named, useLanguage, word } from "../words/index.tsx";

const MARKS: Record<string, string> = {
  time_limit: "时", officer_qualification: "人", step_rollback: "退", evidence: "证", decision_basis: "据", discretion: "裁", penalty_execution: "执",
};
const MARKS_EN: Record<string, string> = {
  time_limit: "T", officer_qualification: "O", step_rollback: "R", evidence: "E", decision_basis: "B", discretion: "D", penalty_execution: "X",
};
const POINT = 22;

/** The step at which a point is drawn: its own, or the last of its limit's scope. */
function stepOf(item: Item, point: NonNullable<Item["points"]>[number]): string | undefined {
  if (point.step) return point.step;
  const scope = item.limits?.find((limit) => limit.id === point.limit)?.scope;
  if (scope === undefined || scope === "case") return item.steps.at(-1)?.id;
  return "step" in scope ? scope.step : scope.to;
}

export function FlowChart({ item }: { item: Item }) {
  const { words, lang } = useLanguage();
  const flow = layoutFlow(item.steps.map(({ id, next }) => ({ id, next: next ?? [] })));
  const names = new Map(item.steps.map((step) => [step.id, named(step.name, lang)]));
  const pointsOf = (step: string) => (item.points ?? []).filter((point) => stepOf(item, point) === step);
  const risksOf = (step: string) => (item.risk_points ?? []).filter((risk) => risk.step === step);
  const perRow = Math.floor(BOX.width / (POINT + 2));
  const most = Math.max(0, ...item.steps.map((step) => pointsOf(step.id).length + risksOf(step.id).length));
  const height = flow.height + Math.ceil(most / perRow) * (POINT + 4) + 8;
  const marks = lang === "zh" ? MARKS : MARKS_EN;
  const kinds = [...new Set((item.points ?? []).map((point) => point.kind))];
  return (
    <>
      <div className="scroll-x" tabIndex={0} role="region" aria-label={words.rules.flow}>
        <svg className="flow" width={flow.width} height={height} viewBox={`0 0 ${flow.width} ${height}`} role="img"
          aria-label={`${named(item.name, lang)}: ${item.steps.map((step) => names.get(step.id)).join(" → ")}`}>
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" /></marker>
          </defs>
          {flow.arrows.map((arrow) => (
            <path key={`${arrow.from} ${arrow.to}`} className={`arrow ${arrow.kind}`} d={arrow.path} markerEnd="url(#arrow)" />
          ))}
          {flow.boxes.map((box) => (
            <g key={box.id} transform={`translate(${box.x} ${box.y})`}>
              <rect className="box" width={BOX.width} height={BOX.height} rx="8" />
              <foreignObject width={BOX.width} height={BOX.height}><div className="box-name">{names.get(box.id)}</div></foreignObject>
              {[...pointsOf(box.id).map((point) => ({ key: point.id, kind: point.kind, title: `${point.id} · ${word(words.kind, point.kind)}` })),
                ...risksOf(box.id).map((risk) => ({ key: `risk ${risk.id}`, kind: "risk", title: `${words.rules.risks} ${word(words.rules.grade, risk.grade)}: ${named(risk.risk, lang)}` }))].map((mark, index) => (
                <g key={mark.key} transform={`translate(${(index % perRow) * (POINT + 2)} ${flow.height - box.y + Math.floor(index / perRow) * (POINT + 4)})`}>
                  <title>{mark.title}</title>
                  {mark.kind === "risk" ? <path className="risk" d={`M${POINT / 2} 1L${POINT - 1} ${POINT - 2}H1z`} /> : <circle className={`point ${mark.kind}`} cx={POINT / 2} cy={POINT / 2} r={POINT / 2 - 1} />}
                  <text className={mark.kind === "risk" ? "risk-mark" : "point-mark"} x={POINT / 2} y={POINT / 2 + (mark.kind === "risk" ? 6 : 4.5)} textAnchor="middle">{mark.kind === "risk" ? "!" : (marks[mark.kind] ?? "?")}</text>
                </g>
              ))}
            </g>
          ))}
        </svg>
      </div>
      <ul className="legend">
        {kinds.map((kind) => <li key={kind}><span className="point-sign" aria-hidden="true">{marks[kind] ?? "?"}</span>{word(words.kind, kind)}</li>)}
        {(item.risk_points?.length ?? 0) > 0 && <li><span className="risk-sign" aria-hidden="true">!</span>{words.rules.risks}</li>}
        <li className="soft">{words.rules.flowHint}</li>
      </ul>
    </>
  );
}
