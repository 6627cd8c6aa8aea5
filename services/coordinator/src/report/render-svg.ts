import { shownText } from '@onescan/contract/format/shown-text.js';
import type { EChartsCoreOption } from 'echarts/core';
import { init } from 'echarts/dist/echarts.esm.min.mjs';

/** Stand-ins that become CSS variables, so that one picture serves light and dark pages. */
export const INK = '#010203';
export const FAINT = '#010204';
export const PAPER = '#010205';

const VARIABLES: Readonly<Record<string, string>> = {
  [INK]: 'var(--ink)',
  [FAINT]: 'var(--faint)',
  [PAPER]: 'var(--paper)',
};

/** Colours of series that tell apart on light and dark and for colour-blind readers (Okabe and Ito 2008). */
export const SERIES_COLORS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00'] as const;

export interface Picture {
  width: number;
  height: number;
  /** What the picture shows, for readers who cannot see it. */
  label: string;
}

/** Draws an ECharts option as an SVG element that scales with the page and needs no script. */
export function renderSvg(option: EChartsCoreOption, picture: Picture): string {
  const chart = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: picture.width,
    height: picture.height,
  });
  try {
    chart.setOption({ animation: false, textStyle: { color: INK, fontFamily: 'inherit' }, ...option });
    const svg = chart.renderToSVGString({ useViewBox: true });
    return shownText(withLabel(withoutBallast(withoutStyles(withVariables(svg))), picture.label));
  } finally {
    chart.dispose();
  }
}

/** Axis settings that follow the page's colours. */
export const AXIS = {
  axisLine: { lineStyle: { color: FAINT } },
  axisTick: { lineStyle: { color: FAINT } },
  axisLabel: { color: INK },
  nameTextStyle: { color: INK },
  splitLine: { lineStyle: { color: FAINT, opacity: 0.4 } },
} as const;

/** Wide gaps: without a browser ECharts can only guess how wide texts are. */
export const LEGEND = {
  top: 0,
  itemGap: 20,
  itemWidth: 12,
  textStyle: { color: INK, fontSize: 11 },
} as const;

/**
 * The picture with attributes in place of inline styles, and without those for the pointer: the page's policy obeys no
 * style but its own sheet. Quotes in texts are escaped, so that what looks like an attribute is one.
 */
function withoutStyles(svg: string): string {
  return svg
    .replace(/<style[^>]*>[\s\S]*?<\/style>\s*/g, '')
    .replace(/ class="zr[^"]*"/g, '')
    .replace(/ style="([^"]*)"/g, (_, declarations: string) =>
      declarations
        .split(';')
        .filter((declaration) => declaration.includes(':'))
        .map((declaration) => ` ${declaration.trim().replace(/^([a-z-]+):\s*(.*)$/, '$1="$2"')}`)
        .join(''),
    );
}

/**
 * The picture without what a page needs not: marks for a script, name spaces, what is inherited, ends of empty elements. Half
 * of it; quotes in texts are escaped, so that what looks like an attribute is one.
 */
function withoutBallast(svg: string): string {
  return (
    svg
      .replace(/ (?:ecmeta_\w+|pointer-events|xmlns(?::xlink)?|version|baseProfile|xml:space)="[^"]*"/g, '')
      // The style sheet centres all texts.
      .replace(/ dominant-baseline="central"/g, '')
      .replace(/<\/text>\n/g, '</text>')
      .replace(/ (?:font-family="inherit"|font-size="12px"|fill="var\(--ink\)")/g, '')
      .replace(/ (stroke-linejoin)="(?:bevel|miter)"/g, '')
      .replace(/ (?:fill|stroke)-opacity="1"/g, '')
      .replace(/ (?:d|transform|points|x|y|width|height|stroke-width)="[^"]*"/g, (attribute) =>
        attribute.replace(/(\.\d)\d+/g, '$1').replace(/\.0(?!\d)/g, ''),
      )
      .replace(/><\/(?:path|rect|circle|line|polyline|polygon)>\n?/g, '/>')
      // Dots are paths of no length; lines that look alike and follow each other are one.
      .replace(/M(-?[\d.]+) (-?[\d.]+)L\1 \2(?=[M"])/g, 'M$1 $2h0')
      .replace(
        ALIKE,
        (run, look: string) =>
          `<path d="${[...run.matchAll(/ d="([^"]*)"/g)].map(([, d]) => d).join('')}"${look}/>`,
      )
  );
}

/** Unfilled, uncovering paths with the same attributes, two or more. */
const ALIKE =
  /<path d="[^"]*"( fill="none" stroke="[^"]*"(?: stroke-[a-z]+="[^"]*")*)\/>(?:<path d="[^"]*"\1\/>)+/g;

function withVariables(svg: string): string {
  return svg.replace(
    /#01020[345]|rgb\(1,2,([345])\)/g,
    (found, digit?: string) => VARIABLES[digit === undefined ? found : `#01020${digit}`] ?? found,
  );
}

function withLabel(svg: string, label: string): string {
  const text = label.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return svg.replace(
    '<svg ',
    `<svg role="img" aria-label="${text}" font-family="inherit" font-size="12px" fill="var(--ink)" `,
  );
}
