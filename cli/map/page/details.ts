/** What is known of one box, and what can be asked from there. */
import type { Box, MapData } from "../model.ts";
import { spoken } from "../svg.ts";
import { button, make, need } from "./dom.ts";

export class Details {
  readonly #place = need("details", HTMLElement);
  readonly #data: MapData;
  readonly #take: (end: "from" | "to", box: Box) => void;
  readonly #close: (id: string) => void;

  /** @param close what becomes of the focus when the details go */
  constructor(data: MapData, take: (end: "from" | "to", box: Box) => void, close: (id: string) => void) {
    this.#data = data;
    this.#take = take;
    this.#close = close;
  }

  show(box: Box): void {
    const { id, label, kind, detail, about, ask, ports } = box;
    const found = this.#data.marks.flatMap((mark, index) =>
      mark.boxes.includes(id) ? [{ mark, index }] : [],
    );
    const shut = (): void => {
      this.#place.hidden = true;
      this.#close(id);
    };
    const first =
      ask === ""
        ? undefined
        : button("From here", () => {
            this.#take("from", box);
          });
    const end = button("Close", shut, { class: "quiet" });
    const facts = [detail, about].filter((part) => part !== "");
    this.#place.replaceChildren(
      make("h3", {}, kind === "host" ? ask : label),
      make("p", {}, facts.join(" · ") === "" ? spoken(box) : facts.join(" · ")),
      ports.length === 0 ? "" : make("p", {}, "Listens: ", make("code", {}, ports.join(", "))),
      ...found.map(({ mark, index }) =>
        make("p", { class: "finding" }, make("a", { href: `#finding-${index + 1}` }, mark.title)),
      ),
      make(
        "div",
        { class: "buttons" },
        first,
        ask === ""
          ? undefined
          : button("To here", () => {
              this.#take("to", box);
            }),
        end,
      ),
    );
    this.#place.hidden = false;
    this.#place.onkeydown = (event) => {
      if (event.key === "Escape") shut();
    };
    (first ?? end).focus({ preventScroll: true });
    this.#place.scrollIntoView({ block: "nearest" });
  }
}

/** Boxes as lists within lists, for who would rather read. */
export function outline(boxes: readonly Box[]): HTMLUListElement {
  return make(
    "ul",
    {},
    ...boxes.map((box) =>
      make("li", {}, spoken(box), box.children.length === 0 ? undefined : outline(box.children)),
    ),
  );
}
