/** A plot of lines through points, both axes logarithmic, as SVG. Pure. */

export interface Series {
  readonly name: string;
  /** Of CSS. */
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const size = { width: 720, height: 420 } as const;
const frame = { left: 70, right: 20, top: 40, bottom: 55 } as const;

interface Axis {
  /** Exponents of ten. */
  readonly from: number;
  readonly to: number;
}

/** Whole powers of ten around all values. @throws where a value is not positive */
function axisOf(values: readonly number[]): Axis {
  if (values.some((value) => !(value > 0))) throw new Error("a logarithmic axis has positive values alone");
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.ceil(Math.log10(Math.max(...values)));
  return { from, to: Math.max(to, from + 1) };
}

function exponents({ from, to }: Axis): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function share({ from, to }: Axis, value: number): number {
  return (Math.log10(value) - from) / (to - from);
}

function label(exponent: number): string {
  return exponent < 0 ? (10 ** exponent).toFixed(-exponent) : String(10 ** exponent);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** @throws where there are no points, or one is not positive */
export function plotOf({ title, x, y, series }: Plot): string {
  const points = series.flatMap((each) => each.points);
  if (points.length === 0) throw new Error("a plot has points");
  const [across, up] = [axisOf(points.map(([at]) => at)), axisOf(points.map(([, at]) => at))];
  const width = size.width - frame.left - frame.right;
  const height = size.height - frame.top - frame.bottom;
  const atX = (value: number): string => (frame.left + share(across, value) * width).toFixed(1);
  const atY = (value: number): string => (frame.top + (1 - share(up, value)) * height).toFixed(1);
  const [bottom, right] = [size.height - frame.bottom, size.width - frame.right];
  const lines = [
    ...exponents(across).flatMap((exponent) => {
      const at = atX(10 ** exponent);
      return [
        `<path d="M${at} ${frame.top}V${bottom}" class="grid"/>`,
        `<text x="${at}" y="${bottom + 18}" text-anchor="middle">${label(exponent)}</text>`,
      ];
    }),
    ...exponents(up).flatMap((exponent) => {
      const at = atY(10 ** exponent);
      return [
        `<path d="M${frame.left} ${at}H${right}" class="grid"/>`,
        `<text x="${frame.left - 8}" y="${Number(at) + 4}" text-anchor="end">${label(exponent)}</text>`,
      ];
    }),
    ...series.flatMap(({ name, colour, points: own }, index) => {
      const way = own.map(([px, py], at) => `${at === 0 ? "M" : "L"}${atX(px)} ${atY(py)}`).join("");
      const top = frame.top + 18 + 18 * index;
      return [
        `<path d="${way}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...own.map(([px, py]) => `<circle cx="${atX(px)}" cy="${atY(py)}" r="3.5" fill="${colour}"/>`),
        `<path d="M${frame.left + 12} ${top - 4}h24" stroke="${colour}" stroke-width="2"/>`,
        `<text x="${frame.left + 42}" y="${top}">${escaped(name)}</text>`,
      ];
    }),
    `<text x="${size.width / 2}" y="22" text-anchor="middle" class="title">${escaped(title)}</text>`,
    `<text x="${size.width / 2}" y="${size.height - 12}" text-anchor="middle">${escaped(x)}</text>`,
    `<text transform="translate(18 ${size.height / 2}) rotate(-90)" text-anchor="middle">${escaped(y)}</text>`,
  ];
  const style = "text{font:13px sans-serif;fill:#333}.title{font-weight:bold}.grid{stroke:#ddd}";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...lines,
    "</svg>",
    "",
  ].join("\n");
}
