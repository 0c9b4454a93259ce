/**
 * A text field that offers what could be meant, by the combobox pattern of WAI-ARIA's Authoring Practices: Down and Up
 * choose from the list, Enter takes, Escape closes it, and any other text may be typed.
 */
import { make } from "./dom.ts";

export interface Choice {
  readonly value: string;
  readonly detail: string;
}

/** More are not read: who looks for one among thousands types on. */
const mostShown = 40;

function matching(choices: readonly Choice[], text: string): Choice[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return choices.filter(({ value, detail }) => {
    const all = `${value} ${detail}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

export class Combobox {
  readonly #input: HTMLInputElement;
  readonly #list: HTMLUListElement;
  readonly #choices: () => readonly Choice[];
  #shown: readonly Choice[] = [];
  #active = -1;

  /** @param choices asked for whenever the list opens */
  constructor(input: HTMLInputElement, list: HTMLUListElement, choices: () => readonly Choice[]) {
    this.#input = input;
    this.#list = list;
    this.#choices = choices;
    input.addEventListener("input", () => {
      this.#open(input.value);
    });
    input.addEventListener("keydown", (event) => {
      this.#press(event);
    });
    input.addEventListener("blur", () => {
      this.#close();
    });
    input.addEventListener("click", () => {
      if (list.hidden) this.#open("");
    });
    // The field keeps the focus while the list is pressed.
    list.addEventListener("mousedown", (event) => {
      event.preventDefault();
    });
    list.addEventListener("click", (event) => {
      const item = event.target instanceof Element ? event.target.closest("[role=option]") : null;
      if (item !== null) this.#take([...list.children].indexOf(item));
    });
  }

  #press(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (this.#list.hidden) this.#open("");
      else this.#move(step);
    } else if (event.key === "Enter" && this.#active >= 0) {
      event.preventDefault();
      this.#take(this.#active);
    } else if (event.key === "Escape" && !this.#list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
  }

  /** With an empty text all are shown: whoever opens the list wants another one than there is. */
  #open(text: string): void {
    this.#shown = matching(this.#choices(), text);
    const shown = this.#shown.slice(0, mostShown);
    const items = shown.map(({ value, detail }, index) =>
      make(
        "li",
        { role: "option", id: `${this.#list.id}-${index}`, "aria-selected": "false" },
        make("b", {}, value),
        make("span", {}, detail),
      ),
    );
    const more = this.#shown.length - shown.length;
    if (more > 0) {
      const rest = { role: "option", "aria-disabled": "true", "aria-selected": "false", class: "rest" };
      items.push(make("li", rest, `${more} more: type on`));
    }
    this.#list.replaceChildren(...items);
    this.#list.hidden = shown.length === 0;
    this.#input.setAttribute("aria-expanded", shown.length === 0 ? "false" : "true");
    this.#point(-1);
  }

  #close(): void {
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#point(-1);
  }

  #move(step: number): void {
    const count = Math.min(this.#shown.length, mostShown);
    if (count === 0) return;
    this.#point(this.#active < 0 && step < 0 ? count - 1 : (this.#active + step + count) % count);
  }

  #point(index: number): void {
    this.#list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const item = this.#list.children[index];
    if (item === undefined) {
      this.#input.removeAttribute("aria-activedescendant");
      return;
    }
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", item.id);
  }

  #take(index: number): void {
    const choice = this.#shown[index];
    if (choice === undefined || index >= mostShown) return;
    this.#input.value = choice.value;
    this.#close();
    this.#input.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
