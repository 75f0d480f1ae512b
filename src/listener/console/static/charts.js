// Draws the pictures of a page: each <figure data-chart> has its data beside it, and a table with the same figures
// follows. What this file knows are kinds of pictures; what is in them, `charts.py` decides.
import { colour } from "./console.js";
import { init } from "./vendor/echarts.js";

const PHONE = 560;
const ROW = 34;
const LABEL_WIDTH = 240;
const DAY_MS = 86_400_000;

/** The colours of the page, as its style sheet has them now. */
function tokens(element) {
  return {
    text: colour("--ink"),
    soft: colour("--quiet"),
    grid: colour("--line"),
    surface: colour("--surface"),
    tones: {
      strong: colour("--accent"),
      plain: colour("--chart-plain"),
      muted: colour("--chart-muted"),
      good: colour("--good"),
      bad: colour("--bad"),
    },
    lines: ["1", "2", "3", "4", "5", "6"].map((number) => colour(`--series-${number}`)),
    font: getComputedStyle(element).fontFamily,
  };
}

const FORMATS = {
  share: (value) => `${Math.round(value * 100)}\u202f%`,
  points: (value) => `${value > 0 ? "+" : ""}${Math.round(value * 100)}`,
  ratio: (value) => `× ${value}`,
  hours: (value) => `${value} h`,
};
const formatOf = (unit) => FORMATS[unit] ?? ((value) => value.toLocaleString("en").replaceAll(",", "\u202f"));

const HOURS = [0, 1, 4, 24, 72, 168];
const HOUR_WORDS = { 0: "0", 1: "1 h", 4: "4 h", 24: "1 day", 72: "3 days", 168: "a week" };
/** Hours on a scale that shows the first ones and a whole week. */
const bent = (hours) => Math.log1p(hours * 2);
const hourWords = (place) => HOUR_WORDS[HOURS.find((hours) => Math.abs(bent(hours) - place) < 1e-6)] ?? "";

/** How far each of these places has to move so that none is nearer to the next than `least`. */
function apart(places, least) {
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  const shifts = places.map(() => 0);
  let free = -Infinity;
  for (const { place, index } of order) {
    const at = Math.max(place, free);
    shifts[index] = at - place;
    free = at + least;
  }
  return shifts;
}

const daysOf = (day) => Date.parse(`${day}T00:00:00Z`) / DAY_MS;
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const dayWords = (days) => DAY.format(new Date(days * DAY_MS));

const shortened = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function common(colours) {
  return {
    animationDuration: 400,
    textStyle: { fontFamily: colours.font, color: colours.text, fontSize: 13 },
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.grid,
      textStyle: { color: colours.text, fontSize: 13 },
    },
  };
}

function valueAxis(colours, name, format) {
  return {
    type: "value",
    name,
    nameLocation: "middle",
    nameGap: 30,
    nameTextStyle: { color: colours.soft },
    axisLabel: { color: colours.soft, formatter: format, hideOverlap: true },
    splitLine: { lineStyle: { color: colours.grid } },
  };
}

/** Names down the side; on a phone each stands above its bar, so that both have room. */
function categoryAxis(colours, labels, width) {
  const narrow = width < PHONE;
  const beside = { width: LABEL_WIDTH, overflow: "truncate" };
  const above = {
    inside: true,
    margin: 0,
    align: "left",
    verticalAlign: "bottom",
    padding: [0, 0, 13, 0],
    width: width - 24,
    overflow: "truncate",
  };
  return {
    type: "category",
    inverse: true,
    data: labels,
    z: narrow ? 6 : 0,
    axisTick: { show: false },
    axisLine: { onZero: false, lineStyle: { color: colours.grid } },
    axisLabel: { color: colours.text, fontSize: 13, interval: 0, ...(narrow ? above : beside) },
  };
}

const rowOf = (narrow) => (narrow ? 50 : ROW);
const leftOf = (narrow) => (narrow ? 8 : LABEL_WIDTH + 12);

const KINDS = {
  ranking(spec, colours, width) {
    const narrow = width < PHONE;
    const format = formatOf(spec.unit);
    const isBar = spec.style === "bar";
    const ends = spec.marks.map((mark) => mark.high ?? mark.value);
    const whiskers = {
      type: "custom",
      silent: true,
      z: 3,
      encode: { x: [1, 2], y: 0 },
      data: spec.marks.map((mark, index) => [index, mark.low ?? mark.value, mark.high ?? mark.value]),
      renderItem(_params, api) {
        const left = api.coord([api.value(1), api.value(0)]);
        const right = api.coord([api.value(2), api.value(0)]);
        const style = { stroke: colours.text, lineWidth: 1.5, opacity: 0.75 };
        const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style });
        if (right[0] - left[0] < 1) return { type: "group", children: [] };
        return {
          type: "group",
          children: [
            line(left[0], left[1], right[0], right[1]),
            line(left[0], left[1] - 4, left[0], left[1] + 4),
            line(right[0], right[1] - 4, right[0], right[1] + 4),
          ],
        };
      },
    };
    const values = spec.marks.map((mark) => ({
      value: mark.value,
      itemStyle: { color: colours.tones[mark.tone] },
    }));
    const main = isBar
      ? { type: "bar", data: values, barMaxWidth: 18, itemStyle: { borderRadius: [0, 3, 3, 0] } }
      : { type: "scatter", data: values, symbolSize: 12, z: 4 };
    const texts = {
      type: "scatter",
      silent: true,
      symbolSize: 0,
      z: 5,
      data: spec.marks.map((mark, index) => [ends[index], index]),
      label: {
        show: true,
        position: "right",
        distance: 6,
        padding: [2, 4],
        color: colours.text,
        backgroundColor: colours.surface,
        fontSize: 13,
        formatter: ({ dataIndex }) => {
          const { text } = spec.marks[dataIndex];
          return narrow ? text.split(" · ")[0].split(" of ")[0] : text;
        },
      },
    };
    if (spec.reference !== null) {
      main.markLine = {
        silent: true,
        symbol: "none",
        label: { show: false },
        lineStyle: { color: colours.soft, type: "dashed" },
        data: [{ xAxis: spec.reference }],
      };
    }
    const axis = valueAxis(colours, narrow ? "" : spec.axis, format);
    if (!isBar) {
      const lows = spec.marks.map((mark) => mark.low ?? mark.value);
      const all = [...lows, ...ends, spec.reference ?? 0];
      axis.min = Math.min(...all);
      axis.max = Math.max(...all);
      const room = (axis.max - axis.min) * 0.06;
      axis.min = spec.unit === "ratio" ? 0 : axis.min - room;
      axis.max += room;
      axis.axisLabel.showMinLabel = spec.unit === "ratio";
      axis.axisLabel.showMaxLabel = false;
      axis.splitLine = { ...axis.splitLine, showMinLine: false, showMaxLine: false };
    }
    return {
      height: spec.marks.length * rowOf(narrow) + (narrow ? 40 : 62),
      option: {
        tooltip: {
          trigger: "item",
          formatter: ({ dataIndex }) => `${spec.marks[dataIndex].label}\n${spec.marks[dataIndex].text}`,
        },
        grid: {
          left: leftOf(narrow),
          right: narrow ? 96 : 190,
          top: 6,
          bottom: narrow ? 28 : 50,
        },
        xAxis: axis,
        yAxis: categoryAxis(
          colours,
          spec.marks.map((mark) => mark.label),
          width,
        ),
        series: [main, whiskers, texts],
      },
      links: spec.marks.map((mark) => mark.link),
    };
  },

  multiples(spec, colours, width) {
    const columns = Math.max(1, Math.min(3, Math.floor(width / 260)));
    const rows = Math.ceil(spec.panels.length / columns);
    const gap = 44;
    const each = (width - 8 - gap * columns) / columns;
    const tall = 92;
    const most = Math.max(1, ...spec.panels.flatMap((panel) => panel.points.map(([, value]) => value)));
    const places = spec.panels.map((_panel, index) => ({
      left: gap + (index % columns) * (each + gap),
      top: Math.floor(index / columns) * (tall + 74) + 42,
    }));
    return {
      height: rows * (tall + 74) + 4,
      option: {
        tooltip: { trigger: "axis" },
        title: spec.panels.map((panel, index) => ({
          left: places[index].left - 6,
          top: places[index].top - 42,
          text: shortened(panel.title, Math.floor(each / 7.6)),
          subtext: panel.note,
          itemGap: 2,
          textStyle: { fontSize: 13, fontWeight: 600, color: colours.text },
          subtextStyle: { fontSize: 12, color: colours.soft },
        })),
        grid: places.map((place) => ({ ...place, width: each, height: tall })),
        xAxis: spec.panels.map((_panel, index) => ({
          type: "time",
          gridIndex: index,
          splitNumber: 2,
          axisLine: { lineStyle: { color: colours.grid } },
          axisTick: { show: false },
          axisLabel: { color: colours.soft, fontSize: 11, hideOverlap: true, formatter: "{d} {MMM}" },
          splitLine: { show: false },
        })),
        yAxis: spec.panels.map((_panel, index) => ({
          type: "value",
          gridIndex: index,
          max: most,
          interval: most,
          axisLabel: { color: colours.soft, fontSize: 11 },
          splitLine: { lineStyle: { color: colours.grid } },
        })),
        series: spec.panels.map((panel, index) => ({
          type: "line",
          name: panel.title,
          xAxisIndex: index,
          yAxisIndex: index,
          data: panel.points,
          symbol: "none",
          lineStyle: { width: 2, color: colours.tones.strong },
          itemStyle: { color: colours.tones.strong },
          areaStyle: { color: colours.tones.strong, opacity: 0.12 },
        })),
      },
    };
  },

  course(spec, colours, width) {
    const days = spec.points.map(([day]) => daysOf(day));
    const every = Math.ceil(days.length / (width < PHONE ? 4 : 9));
    return {
      height: width < PHONE ? 230 : 280,
      option: {
        tooltip: {
          trigger: "axis",
          formatter: ([{ data }]) => `week of ${dayWords(data[0])}\n${data[1]} people`,
        },
        grid: { left: 44, right: 40, top: 34, bottom: 50 },
        xAxis: {
          type: "value",
          min: days[0],
          max: days.at(-1),
          name: width < PHONE ? "" : spec.axis,
          nameLocation: "middle",
          nameGap: 30,
          nameTextStyle: { color: colours.soft },
          axisLine: { show: true, lineStyle: { color: colours.grid } },
          axisLabel: {
            color: colours.soft,
            customValues: days.filter((_day, index) => index % every === 0),
            formatter: dayWords,
          },
          axisTick: { show: false },
          splitLine: { show: false },
        },
        yAxis: { ...valueAxis(colours, "", formatOf("count")), minInterval: 1 },
        series: [
          {
            type: "line",
            name: spec.title,
            data: spec.points.map(([, people], index) => [days[index], people]),
            symbol: "circle",
            symbolSize: 5,
            lineStyle: { width: 2.5, color: colours.tones.strong },
            itemStyle: { color: colours.tones.strong },
            areaStyle: { color: colours.tones.strong, opacity: 0.12 },
            markLine: {
              silent: true,
              symbol: ["none", "none"],
              lineStyle: { color: colours.text, type: "dashed", width: 1.5 },
              label: { color: colours.text, fontSize: 13, formatter: ({ name }) => name, position: "end" },
              data: spec.fixes.map((fix) => ({ xAxis: daysOf(fix.at), name: fix.words })),
            },
          },
        ],
      },
    };
  },

  steps(spec, colours, width) {
    const narrow = width < PHONE;
    const height = narrow ? 320 : 360;
    const marked = HOURS.filter((hours) => !narrow || hours !== 72);
    const shifts = apart(
      spec.lines.map((line) => (1 - line.points.at(-1)[1]) * (height - 66)),
      17,
    );
    return {
      height,
      option: {
        tooltip: {
          trigger: "item",
          formatter: ({ seriesIndex }) =>
            `${spec.lines[seriesIndex].label}: ${spec.lines[seriesIndex].note}`,
        },
        legend: narrow
          ? { bottom: 0, textStyle: { color: colours.text }, icon: "roundRect", itemHeight: 4 }
          : { show: false },
        grid: { left: 52, right: narrow ? 16 : 150, top: 14, bottom: narrow ? 92 : 52 },
        xAxis: {
          ...valueAxis(colours, spec.axis, hourWords),
          min: 0,
          max: bent(spec.horizon),
          axisLabel: { color: colours.soft, customValues: marked.map(bent), formatter: hourWords },
          axisTick: { customValues: marked.map(bent) },
          splitLine: { show: false },
        },
        yAxis: { ...valueAxis(colours, "", formatOf("share")), min: 0, max: 1 },
        series: spec.lines.map((line, index) => {
          const colour = colours.lines[index % colours.lines.length];
          return {
            type: "line",
            step: "end",
            name: line.label,
            data: line.points.map(([hours, share]) => [bent(hours), share]),
            symbol: "none",
            lineStyle: { width: line.tone === "strong" ? 3.5 : 2, color: colour },
            itemStyle: { color: colour },
            endLabel: {
              show: !narrow,
              formatter: () => `${line.label} ${Math.round(line.points.at(-1)[1] * 100)}\u202f%`,
              offset: [0, shifts[index]],
              color: colours.text,
              fontSize: 13,
            },
            triggerLineEvent: true,
          };
        }),
      },
    };
  },

  slope(spec, colours, width) {
    const narrow = width < PHONE;
    const side = narrow ? 122 : 300;
    const label = (item, end) => {
      const place = end === "left" ? item.left_place : item.right_place;
      const text = narrow ? shortened(item.label, 13) : shortened(item.label, 24);
      const count = narrow ? "" : ` · ${end === "left" ? item.left_text : item.right_text}`;
      return end === "left" ? `${text}${count}  ${place}` : `${place}  ${text}${count}`;
    };
    return {
      height: spec.items.length * ROW + 44,
      option: {
        tooltip: {
          trigger: "item",
          formatter: ({ seriesIndex }) => {
            const item = spec.items[seriesIndex];
            return `${item.label}\n${item.left_text}, ${item.right_text}`;
          },
        },
        title: [
          { text: spec.left, left: narrow ? side - 30 : side, top: 0, textAlign: narrow ? "right" : "center" },
          { text: spec.right, left: width - side + (narrow ? 30 : 0), top: 0, textAlign: narrow ? "left" : "center" },
        ].map((title) => ({ ...title, textStyle: { fontSize: 13, color: colours.soft } })),
        grid: { left: side, right: side, top: 34, bottom: 8 },
        xAxis: { type: "value", min: 0, max: 1, show: false },
        yAxis: { type: "value", inverse: true, min: 0.5, max: spec.items.length + 0.5, show: false },
        series: spec.items.map((item) => {
          const colour = colours.tones[item.tone];
          const weight = item.tone === "strong" ? 700 : 400;
          return {
            type: "line",
            name: item.label,
            symbol: "circle",
            symbolSize: item.tone === "strong" ? 10 : 7,
            lineStyle: { width: item.tone === "strong" ? 4 : item.tone === "plain" ? 2.5 : 1.5, color: colour },
            itemStyle: { color: colour },
            z: item.tone === "strong" ? 5 : 2,
            data: [
              [0, item.left],
              [1, item.right],
            ].map((value, index) => ({
              value,
              label: {
                show: true,
                position: index ? "right" : "left",
                distance: 8,
                color: colours.text,
                fontWeight: weight,
                fontSize: narrow ? 12 : 13,
                formatter: () => label(item, index ? "right" : "left"),
              },
            })),
          };
        }),
      },
    };
  },

  stacked(spec, colours, width) {
    const narrow = width < PHONE;
    return {
      height: spec.labels.length * rowOf(narrow) + 96,
      option: {
        tooltip: { trigger: "axis", axisPointer: { type: "none" } },
        legend: { top: 0, left: leftOf(narrow) - 6, data: spec.parts.map((part) => part.label), textStyle: { color: colours.text }, itemHeight: 10 },
        grid: { left: leftOf(narrow), right: narrow ? 96 : 120, top: 34, bottom: 50 },
        xAxis: valueAxis(colours, spec.axis, formatOf("count")),
        yAxis: categoryAxis(colours, spec.labels, width),
        series: [
          ...spec.parts.map((part) => ({
            type: "bar",
            stack: "all",
            name: part.label,
            data: part.values,
            barMaxWidth: 18,
            itemStyle: { color: colours.tones[part.tone], borderColor: colours.surface, borderWidth: 1 },
          })),
          {
            type: "scatter",
            silent: true,
            symbolSize: 0,
            tooltip: { show: false },
            data: spec.labels.map((_label, index) => [
              spec.parts.reduce((sum, part) => sum + part.values[index], 0),
              index,
            ]),
            label: {
              show: true,
              position: "right",
              distance: 8,
              color: colours.text,
              fontSize: 13,
              formatter: ({ dataIndex }) => spec.texts[dataIndex],
            },
          },
        ],
      },
    };
  },
};

function draw(figure) {
  const place = figure.querySelector("[data-chart-place]");
  const spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const make = KINDS[spec.kind];
  if (!make) return;
  place.hidden = false;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let chart = null;
  let width = 0;
  const redraw = () => {
    width = place.clientWidth;
    if (!width) return;
    const colours = tokens(figure);
    const { height, option, links } = make(spec, colours, width);
    place.style.height = `${height}px`;
    chart ??= init(place, null, { renderer: "svg" });
    chart.resize({ width, height, silent: true });
    const base = common(colours);
    chart.setOption(
      { ...base, ...option, tooltip: { ...base.tooltip, ...option.tooltip }, animation: !still.matches },
      true,
    );
    chart.off("click");
    if (links) {
      chart.on("click", ({ dataIndex }) => {
        if (links[dataIndex]) location.assign(links[dataIndex]);
      });
    }
  };
  new ResizeObserver(() => {
    if (place.clientWidth !== width) redraw();
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributes: true });
}

for (const figure of document.querySelectorAll("figure[data-chart]")) draw(figure);
