/** Small pictures of what stands in the drawing, on a grid of 16. */

const shapes: Readonly<Record<string, string>> = {
  host: '<rect x="2.5" y="2.5" width="11" height="4.5" rx="1"/><rect x="2.5" y="9" width="11" height="4.5" rx="1"/><path d="M5 4.75h.010M5 11.25h.010"/>',
  data: '<ellipse cx="8" cy="4" rx="5" ry="2"/><path d="M3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2"/>',
  balancer:
    '<circle cx="3.5" cy="8" r="1.5"/><circle cx="12.5" cy="3.5" r="1.5"/><circle cx="12.5" cy="8" r="1.5"/><circle cx="12.5" cy="12.5" r="1.5"/><path d="M5 8h6M4.7 7l6.4-3M4.7 9l6.4 3"/>',
  vpn: '<path d="M8 1.5l5.5 2v4c0 3.5-2.3 5.7-5.5 7-3.2-1.3-5.5-3.5-5.5-7v-4z"/><path d="M5.8 8l1.7 1.7 3-3.2"/>',
  chart: '<path d="M2 14h12M4 11.5V8M8 11.5V3M12 11.5V6"/>',
  chip: '<rect x="4" y="4" width="8" height="8" rx="1"/><path d="M6.5 1.5V4M9.5 1.5V4M6.5 12v2.5M9.5 12v2.5M1.5 6.5H4M1.5 9.5H4M12 6.5h2.5M12 9.5h2.5"/>',
  globe:
    '<circle cx="8" cy="8" r="6"/><path d="M2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14c-2-2-2.5-4-2.5-6S6 4 8 2"/>',
  person: '<circle cx="8" cy="5" r="2.5"/><path d="M3 14c.3-3 2.3-4.5 5-4.5s4.7 1.5 5 4.5"/>',
  name: '<path d="M2.5 7.5v-5h5l6 6-5 5z"/><path d="M5.3 5.3h.010"/>',
  tunnel: '<path d="M2 13.5V8a6 6 0 0 1 12 0v5.5z"/><path d="M5.5 13.5V8.5a2.5 2.5 0 0 1 5 0v5"/>',
  gateway: '<circle cx="8" cy="8" r="6"/><path d="M5 6.2h5.5M8.8 4.5l1.7 1.7M11 9.8H5.5M7.2 11.5L5.5 9.8"/>',
  device: '<rect x="2" y="3" width="12" height="8" rx="1"/><path d="M5.5 13.5h5M8 11v2.5"/>',
  interface: '<rect x="2.5" y="4" width="11" height="8" rx="1"/><path d="M5.5 12V9.5M8 12V9.5M10.5 12V9.5"/>',
};

/** Never shown itself: the drawing refers to its parts. */
export const icons = `<svg class="icons" aria-hidden="true" width="0" height="0"><defs>${Object.entries(
  shapes,
)
  .map(([name, shape]) => `<symbol id="icon-${name}" viewBox="0 0 16 16">${shape}</symbol>`)
  .join("")}</defs></svg>`;
