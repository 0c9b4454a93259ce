/** Brings the page to life: what it was given is read once, and the proof is asked as often as somebody asks. */
import { answer, type Subject, type Verdict } from "../../../components/proof/ask/answer.ts";
import { QuestionError } from "../../../components/proof/ask/endpoint.ts";
import type { Question } from "../../../components/proof/ask/verdict.ts";
import { marksByBox } from "../marks-by-box.ts";
import { boxesOf, type Box, type MapData } from "../model.ts";
import { Details, outline } from "./details.ts";
import { make, need } from "./dom.ts";
import { MapView } from "./map.ts";
import { commandOf, QuestionForm } from "./question.ts";
import { asSentence, sentence, tellChange, tellVerdict } from "./verdict.ts";

/** To look for a change is to plan the network many times over: of more hosts than these it would take too long. */
const mostHostsForChange = 300;

/** Lets the browser draw before what takes a while. */
function afterDrawing(work: () => void): void {
  requestAnimationFrame(() => setTimeout(work));
}

class Page {
  readonly #data: MapData;
  readonly #open: () => Subject;
  readonly #form: QuestionForm;
  readonly #map: MapView;
  readonly #details: Details;
  readonly #said = need("said", HTMLElement);
  readonly #verdict = need("verdict", HTMLElement);
  readonly #hosts: number;
  #subject: Subject | undefined;
  #asked = 0;

  constructor(data: MapData, open: (source: MapData["source"]) => Subject) {
    this.#data = data;
    this.#open = () => open(data.source);
    this.#hosts = [...boxesOf(data.drawing.rows.flat())].filter(({ kind }) => kind === "host").length;
    this.#form = new QuestionForm(data, () => {
      this.#ask(true);
    });
    this.#map = new MapView(data, marksByBox(data.marks), (box, how) => {
      if (how === "details") this.#details.show(box);
      else this.#take(how, box);
    });
    this.#details = new Details(
      data,
      (end, box) => {
        this.#take(end, box);
      },
      (id) => {
        this.#map.focus(id);
      },
    );
    this.#listen();
  }

  #listen(): void {
    addEventListener("hashchange", () => {
      if (this.#form.read(location.hash)) this.#ask(false);
    });
    document.addEventListener("click", ({ target }) => {
      const id =
        target instanceof Element ? target.closest("[data-show]")?.getAttribute("data-show") : undefined;
      if (id !== undefined && id !== null) this.#map.show(id);
    });
    this.#listenToSearch();
    const unfold = need("unfold", HTMLButtonElement);
    const name = (): void => {
      unfold.textContent = this.#map.folds ? "Unfold all" : "Fold all";
    };
    unfold.addEventListener("click", () => {
      this.#map.setFolds(!this.#map.folds);
      name();
    });
    name();
    const text = need("outline", HTMLDetailsElement);
    text.addEventListener("toggle", () => {
      const place = need("outline-text", HTMLElement);
      if (text.open && place.childElementCount === 0) place.append(outline(this.#data.drawing.rows.flat()));
    });
  }

  #listenToSearch(): void {
    const search = need("search", HTMLInputElement);
    const output = need("found", HTMLOutputElement);
    let found: readonly string[] = [];
    let next = 0;
    search.addEventListener("input", () => {
      found = this.#map.find(search.value);
      next = 0;
      output.textContent =
        search.value.trim() === "" ? "" : found.length === 0 ? "nothing" : `${found.length} found`;
    });
    search.addEventListener("keydown", (event) => {
      const id = found[next % Math.max(found.length, 1)];
      if (event.key === "Escape") {
        search.value = "";
        search.dispatchEvent(new Event("input"));
      } else if (event.key === "Enter" && id !== undefined) {
        event.preventDefault();
        next++;
        this.#map.show(id);
        this.#map.find(search.value);
      }
    });
  }

  /** A box becomes an end of the question, which is asked as soon as it is whole. */
  #take(end: "from" | "to", { ask }: Box): void {
    if (ask === "") return;
    this.#form.set(end, ask);
    this.#say(`${end === "from" ? "From" : "To"} ${ask}.`);
    if (this.#form.isWhole) this.#ask(true);
  }

  #say(text: string): void {
    this.#said.textContent = text;
  }

  /** The network is read when somebody asks for the first time. */
  #read(): Subject {
    this.#subject ??= this.#open();
    return this.#subject;
  }

  #ask(remember: boolean): void {
    if (!this.#form.isWhole) {
      this.#say("Choose a source, a destination and a port.");
      this.#form.focusMissing();
      return;
    }
    const { question } = this.#form;
    const turn = ++this.#asked;
    if (remember) history.replaceState(null, "", `#${this.#form.hash}`);
    document.documentElement.dataset.busy = "";
    this.#say(
      this.#subject === undefined && this.#hosts > mostHostsForChange ? "Reading the network…" : "Asking…",
    );
    afterDrawing(() => {
      if (turn !== this.#asked) return;
      this.#answer(question, turn);
    });
  }

  #answer(question: Question, turn: number): void {
    try {
      const subject = this.#read();
      // The change is looked for later: it takes longer than all the rest.
      const verdict = answer({ ...subject, editable: undefined }, question);
      this.#tell(verdict, question);
      if (subject.editable === undefined) this.#idle(verdict);
      else if (this.#hosts > mostHostsForChange) this.#tooLarge(question);
      else this.#change(subject, question, turn);
    } catch (error) {
      this.#map.showWay(undefined);
      this.#verdict.hidden = true;
      this.#say(
        error instanceof QuestionError
          ? asSentence(error.message)
          : `It cannot be answered: ${String(error)}`,
      );
      this.#done(undefined);
    }
  }

  #tell(verdict: Verdict, question: Question): void {
    const telling = {
      title: this.#data.title,
      command: commandOf(question, this.#data.options),
      isDrawn: this.#map.isDrawn,
      show: (id: string): void => {
        this.#map.show(id);
      },
    };
    this.#verdict.replaceChildren(...tellVerdict(verdict, telling));
    this.#verdict.hidden = false;
    this.#map.showWay(verdict);
    this.#say(sentence(verdict));
  }

  #place(...nodes: readonly Node[]): void {
    this.#verdict.querySelector(".change")?.replaceChildren(...nodes);
  }

  #idle(verdict: Verdict): void {
    this.#place(...tellChange(verdict));
    this.#done(verdict);
  }

  #tooLarge(question: Question): void {
    const command = commandOf(question, this.#data.options);
    this.#place(
      make("h3", {}, "What would alter it"),
      make("p", {}, "To look for it in a network of this size takes too long here: ask "),
      make("code", {}, command),
    );
    this.#done(undefined);
  }

  #change(subject: Subject, question: Question, turn: number): void {
    this.#place(make("p", { class: "hint" }, "Looking for the smallest change…"));
    afterDrawing(() => {
      if (turn !== this.#asked) return;
      this.#idle(answer(subject, question));
    });
  }

  /** Keeps the last answer where tests, and who is curious, find it. */
  #done(verdict: Verdict | undefined): void {
    delete document.documentElement.dataset.busy;
    document.dispatchEvent(new CustomEvent("roadnet-answer", { detail: verdict }));
  }

  begin(): void {
    if (this.#form.read(location.hash)) this.#ask(false);
    // A small network is read meanwhile, so that the first answer comes at once.
    else if (this.#hosts <= mostHostsForChange) setTimeout(() => this.#read(), 200);
    document.documentElement.dataset.ready = "";
  }
}

/** @param open reads the network that the page was given */
export function start(open: (source: MapData["source"]) => Subject): void {
  const data = JSON.parse(need("map-data", HTMLScriptElement).text) as MapData;
  new Page(data, open).begin();
}
