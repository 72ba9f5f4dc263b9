// Alarms by day, drawn by ECharts: only what this chart needs of it, and only when a chart is shown.

import { BarChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use as register } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";

register([BarChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

export interface TrendDay {
  date: string;
  name: string;
  red: number;
  yellow: number;
}

interface Props {
  days: TrendDay[];
  names: { red: string; yellow: string; title: string };
  onDay: (date: string) => void;
}

export default function Trend({ days, names, onDay }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chosen = useRef(onDay);
  chosen.current = onDay;
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const chart = init(element);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const series = (key: "red" | "yellow", color: string) => ({
      type: "bar" as const, name: names[key], stack: "all", color, barMaxWidth: 26, data: days.map((day) => day[key]),
    });
    chart.setOption({
      animation: !still,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      aria: { enabled: true, decal: { show: true } },
      grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
      legend: { right: 0, top: 0, itemWidth: 16, itemHeight: 10, textStyle: { color: "#33404f" } },
      // Drawn on the canvas: an HTML tooltip would bring style attributes, which the policy refuses.
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, renderMode: "richText" },
      xAxis: { type: "category", data: days.map((day) => day.name), axisTick: { show: false }, axisLabel: { color: "#4a5868" }, axisLine: { lineStyle: { color: "#c9d1da" } } },
      yAxis: { type: "value", minInterval: 1, axisLabel: { color: "#4a5868" }, splitLine: { lineStyle: { color: "#e8ecf0" } } },
      series: [series("red", "#c2372b"), series("yellow", "#e3b341")],
    });
    chart.getZr().on("click", ({ offsetX, offsetY }) => {
      if (!chart.containPixel("grid", [offsetX, offsetY])) return;
      const [index] = chart.convertFromPixel({ seriesIndex: 0 }, [offsetX, offsetY]) as number[];
      const day = days[index ?? -1];
      if (day) chosen.current(day.date);
    });
    const watcher = new ResizeObserver(() => chart.resize());
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      chart.dispose();
    };
  }, [days, names.red, names.yellow]);
  return <div ref={place} className="trend" role="img" aria-label={names.title} />;
}
