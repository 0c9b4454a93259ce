/** The drawing: folding, finding, the keyboard, and ways through it. */
import type { Verdict } from "../../../components/proof/ask/answer.ts";
import { foldedAtFirst, layOut, type Layout } from "../layout.ts";
import { boxesOf, type Box, type MapData } from "../model.ts";
import { drawingText, layoutWidth, viewBoxOf } from "../svg.ts";
import { wayText } from "../svg-way.ts";
import { stationsOf, type Station } from "../way.ts";
import { need, scrollTo } from "./dom.ts";

/** What somebody did with a box. */
export type Choosing = (box: Box, how: "details" | "from" | "to") => void;

interface Way {
  readonly there: readonly Station[];
  readonly back: readonly Station[];
  readonly stops: boolean;
}

/** No box is narrower in the drawing, whatever the window. */
const leastWidth = 270;

export class MapView {
  readonly #data: MapData;
  readonly #svg = need("drawing", SVGSVGElement);
  readonly #canvas = need("canvas", HTMLElement);
  readonly #choose: Choosing;
  readonly #boxes: ReadonlyMap<string, Box>;
  readonly #parents = new Map<string, string>();
  readonly #marks: ReadonlyMap<string, number>;
  #folded: Set<string>;
  #layout: Layout;
  #current: string | undefined;
  #way: Way | undefined;

  constructor(data: MapData, marks: ReadonlyMap<string, number>, choose: Choosing) {
    this.#data = data;
    this.#marks = marks;
    this.#choose = choose;
    const all = [...boxesOf(data.drawing.rows.flat())];
    this.#boxes = new Map(all.map((box) => [box.id, box]));
    for (const { id, children } of all) for (const child of children) this.#parents.set(child.id, id);
    this.#folded = foldedAtFirst(data.drawing);
    this.#layout = this.#draw();
    this.#svg.addEventListener("click", (event) => {
      this.#click(event);
    });
    this.#svg.addEventListener("keydown", (event) => {
      this.#press(event);
    });
    this.#svg.addEventListener("focusin", (event) => {
      const id = idAt(event);
      if (id !== undefined) this.#makeCurrent(id);
    });
    new ResizeObserver(() => {
      if (this.#width() !== this.#layout.width) this.#redraw();
    }).observe(this.#canvas);
  }

  get folds(): boolean {
    return this.#folded.size > 0;
  }

  isDrawn = (id: string): boolean => this.#boxes.has(id);

  #width(): number {
    const { paddingLeft, paddingRight } = getComputedStyle(this.#canvas);
    const inner = this.#canvas.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    return Math.max(leastWidth, layoutWidth(Math.floor(inner)));
  }

  #draw(): Layout {
    const layout = layOut(this.#data.drawing, { width: this.#width(), folded: this.#folded });
    const hasFocus = this.#svg.contains(document.activeElement);
    const visible = this.#current === undefined ? undefined : layout.shownBy.get(this.#current)?.box.id;
    this.#current = visible ?? layout.placed[0]?.box.id;
    const viewBox = viewBoxOf(layout);
    const [, , width = "", height = ""] = viewBox.split(" ");
    this.#svg.setAttribute("width", width);
    this.#svg.setAttribute("height", height);
    this.#svg.setAttribute("viewBox", viewBox);
    this.#svg.innerHTML = drawingText(layout, { marks: this.#marks, current: this.#current });
    if (hasFocus && this.#current !== undefined) this.#element(this.#current)?.focus({ preventScroll: true });
    return layout;
  }

  #redraw(): void {
    this.#layout = this.#draw();
    this.#drawWay();
  }

  #element(id: string): SVGGElement | undefined {
    return this.#svg.querySelector<SVGGElement>(`[data-id="${CSS.escape(id)}"]`) ?? undefined;
  }

  /** The one box that Tab leads to. */
  #makeCurrent(id: string): void {
    if (this.#current !== undefined) this.#element(this.#current)?.setAttribute("tabindex", "-1");
    this.#current = id;
    this.#element(id)?.setAttribute("tabindex", "0");
  }

  #click(event: Event): void {
    const id = idAt(event);
    const box = id === undefined ? undefined : this.#boxes.get(id);
    if (id === undefined || box === undefined) return;
    const isTurner = event.target instanceof Element && event.target.closest(".turner") !== null;
    if (isTurner || this.#folded.has(id)) this.#toggle(id);
    else {
      this.#element(id)?.focus({ preventScroll: true });
      this.#choose(box, "details");
    }
  }

  #toggle(id: string): void {
    if ((this.#boxes.get(id)?.children.length ?? 0) === 0) return;
    if (!this.#folded.delete(id)) this.#folded.add(id);
    this.#makeCurrent(id);
    this.#redraw();
    this.#element(id)?.focus({ preventScroll: true });
  }

  /** The keys of a tree, by WAI-ARIA's Authoring Practices. */
  #press(event: KeyboardEvent): void {
    const id = idAt(event);
    const box = id === undefined ? undefined : this.#boxes.get(id);
    if (id === undefined || box === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const action = this.#actionOf(event.key, box);
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  #actionOf(key: string, box: Box): (() => void) | undefined {
    const visible = this.#layout.placed.map((placed) => placed.box.id);
    const at = visible.indexOf(box.id);
    const isOpen = box.children.length > 0 && !this.#folded.has(box.id);
    const to = (id: string | undefined) => () => {
      if (id !== undefined) this.focus(id);
    };
    const actions: Readonly<Record<string, (() => void) | undefined>> = {
      ArrowDown: to(visible[at + 1]),
      ArrowUp: to(visible[at - 1]),
      Home: to(visible[0]),
      End: to(visible.at(-1)),
      ArrowRight: isOpen ? to(box.children[0]?.id) : this.#turning(box),
      ArrowLeft: isOpen ? this.#turning(box) : to(this.#parents.get(box.id)),
      Enter: this.#choosing(box, "details"),
      " ": this.#choosing(box, "details"),
      f: this.#choosing(box, "from"),
      t: this.#choosing(box, "to"),
    };
    return actions[key.length === 1 ? key.toLowerCase() : key];
  }

  #turning(box: Box): () => void {
    return () => {
      this.#toggle(box.id);
    };
  }

  #choosing(box: Box, how: "details" | "from" | "to"): () => void {
    return () => {
      this.#choose(box, how);
    };
  }

  /** Opens whatever hides a box. */
  #reveal(ids: readonly string[]): void {
    let opened = false;
    for (const id of ids) {
      for (let at = this.#parents.get(id); at !== undefined; at = this.#parents.get(at)) {
        opened = this.#folded.delete(at) || opened;
      }
    }
    if (opened) this.#redraw();
  }

  /** Leads the keyboard to a box. */
  focus(id: string): void {
    this.#reveal([id]);
    this.#makeCurrent(id);
    const element = this.#element(id);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Shows where something is. */
  show(id: string): void {
    this.focus(id);
    const element = this.#element(id);
    if (element !== undefined) scrollTo(element);
  }

  setFolds(fold: boolean): void {
    const foldable = [...this.#boxes.values()].filter(
      ({ kind, children }) => children.length > 0 && (kind === "region" || kind === "site"),
    );
    this.#folded = fold ? new Set(foldable.map(({ id }) => id)) : new Set();
    this.#redraw();
  }

  /** Lets what has all the words stand out. @returns its boxes */
  find(text: string): readonly string[] {
    const words = text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const isFound = ({ label, detail, about, ask }: Box): boolean => {
      const all = `${label} ${detail} ${about} ${ask}`.toLowerCase();
      return words.every((word) => all.includes(word));
    };
    const leaves = [...this.#boxes.values()].filter(({ children }) => children.length === 0);
    const found = words.length === 0 ? [] : leaves.filter(isFound).map(({ id }) => id);
    const shown = new Set(found.map((id) => this.#layout.shownBy.get(id)?.box.id));
    this.#svg.classList.toggle("finding", words.length > 0);
    for (const element of this.#svg.querySelectorAll("[data-id]")) {
      element.classList.toggle("found", shown.has(element.getAttribute("data-id") ?? ""));
    }
    return found;
  }

  /** Draws the way of an answer; `undefined` takes it away. */
  showWay(verdict: Verdict | undefined): void {
    this.#way =
      verdict === undefined
        ? undefined
        : {
            there: stationsOf(verdict.forward, this.isDrawn),
            back: stationsOf(verdict.return, this.isDrawn),
            stops: verdict.verdict !== "pass",
          };
    this.#drawWay();
  }

  #drawWay(): void {
    const layer = this.#svg.querySelector(".way");
    if (layer === null) return;
    const { there = [], back = [], stops = false } = this.#way ?? {};
    layer.innerHTML = this.#way === undefined ? "" : wayText(this.#layout, there, back);
    layer.classList.toggle("fails", stops);
    this.#svg.classList.toggle("asked", this.#way !== undefined);
    const met = new Set<string>();
    for (const { box } of [...there, ...back]) {
      for (let at: string | undefined = box; at !== undefined; at = this.#parents.get(at)) met.add(at);
    }
    for (const element of this.#svg.querySelectorAll("[data-id]")) {
      element.classList.toggle("met", met.has(element.getAttribute("data-id") ?? ""));
    }
  }

  /** The box of an id, where one is drawn. */
  box(id: string): Box | undefined {
    return this.#boxes.get(id);
  }
}

function idAt({ target }: Event): string | undefined {
  const group = target instanceof Element ? target.closest("[data-id]") : null;
  return group?.getAttribute("data-id") ?? undefined;
}
