// An item's steps as a flow chart: where boxes and arrows go. Steps stand in flow order on one line; what leads past a
// neighbour goes above, what leads back goes below.

export interface Box {
  id: string;
  x: number;
  y: number;
}

export interface Arrow {
  from: string;
  to: string;
  /** Of an SVG path. */
  path: string;
  kind: "next" | "skip" | "back";
}

export interface Flow {
  width: number;
  height: number;
  boxes: Box[];
  arrows: Arrow[];
}

export const BOX = { width: 132, height: 52, gap: 52 };
const LANE = 22;
const MARGIN = 12;

export function layoutFlow(steps: { id: string; next: string[] }[]): Flow {
  const place = new Map(steps.map((step, index) => [step.id, index]));
  const jumps = steps.flatMap((step, from) =>
    step.next.flatMap((next) => {
      const to = place.get(next);
      return to === undefined || to === from ? [] : [{ from, to }];
    }),
  );
  const skips = lanes(jumps.filter(({ from, to }) => to > from + 1));
  const backs = lanes(jumps.filter(({ from, to }) => to < from));
  const top = MARGIN + skips.count * LANE;
  const x = (index: number) => MARGIN + index * (BOX.width + BOX.gap);
  const boxes = steps.map(({ id }, index) => ({ id, x: x(index), y: top }));
  const middle = top + BOX.height / 2;
  const arrows: Arrow[] = jumps.map(({ from, to }) => {
    const ends = { from: steps[from]?.id ?? "", to: steps[to]?.id ?? "" };
    if (to === from + 1) {
      return { ...ends, kind: "next", path: `M${x(from) + BOX.width} ${middle}H${x(to)}` };
    }
    const isSkip = to > from;
    const lane = (isSkip ? skips : backs).of(from, to) + 1;
    const edge = isSkip ? top : top + BOX.height;
    const y = isSkip ? top - lane * LANE + 6 : edge + lane * LANE - 6;
    const out = x(from) + BOX.width * 0.62;
    const into = x(to) + BOX.width * 0.38;
    return { ...ends, kind: isSkip ? "skip" : "back", path: `M${out} ${edge}V${y}H${into}V${edge}` };
  });
  const width = 2 * MARGIN + steps.length * BOX.width + Math.max(0, steps.length - 1) * BOX.gap;
  return { width, height: top + BOX.height + backs.count * LANE + MARGIN, boxes, arrows };
}

/** Each jump gets the lowest lane in which no other lies across it; short ones first, so that they stay inside. */
function lanes(jumps: { from: number; to: number }[]) {
  const spans = jumps.map(({ from, to }) => ({ key: `${from} ${to}`, low: Math.min(from, to), high: Math.max(from, to) }));
  spans.sort((a, b) => a.high - a.low - (b.high - b.low) || a.low - b.low);
  const taken: { low: number; high: number }[][] = [];
  const places = new Map<string, number>();
  for (const { key, low, high } of spans) {
    let lane = taken.findIndex((others) => others.every((other) => other.high <= low || high <= other.low));
    if (lane < 0) lane = taken.push([]) - 1;
    taken[lane]?.push({ low, high });
    places.set(key, lane);
  }
  return { count: taken.length, of: (from: number, to: number) => places.get(`${from} ${to}`) ?? 0 };
}
