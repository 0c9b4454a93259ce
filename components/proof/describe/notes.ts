/** What of an export was not understood, and what follows from it. */

/** Something that was met and not understood. */
export interface NotUnderstood {
  /** The file that has it; empty where it is missing altogether. */
  readonly file: string;
  /** The id of what has it, with how many more there are of its kind; empty for the file as a whole. */
  readonly object: string;
  readonly field: string;
  readonly consequence: string;
}

/** An export that cannot be read; the message names the file and the place in it. */
export class ExportError extends Error {
  override readonly name = "ExportError";
}

interface Group {
  readonly first: NotUnderstood;
  readonly objects: Set<string>;
}

/** Gathers notes; what hundreds of objects have in common is one note. */
export class Notes {
  readonly #groups = new Map<string, Group>();

  add(note: NotUnderstood): void {
    const kind = note.object.replace(/-[0-9a-f]+$/, "");
    const key = [kind, note.field, note.consequence].join("\n");
    const group = this.#groups.get(key) ?? { first: note, objects: new Set() };
    group.objects.add(note.object);
    this.#groups.set(key, group);
  }

  get all(): NotUnderstood[] {
    return [...this.#groups.values()].map(({ first, objects }) => {
      const more = objects.size - 1;
      return more === 0 ? first : { ...first, object: `${first.object} and ${more} more` };
    });
  }
}
