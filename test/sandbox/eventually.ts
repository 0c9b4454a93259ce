/** Questions that are asked again until the answer is as it must be. */
import { setTimeout as sleep } from "node:timers/promises";

/** How long after an answer the question is asked anew. */
const pauseMilliseconds = 200;

/** The first answer that satisfies, or the last one when the time is over. */
export async function eventualAnswer<T>(
  ask: () => Promise<T>,
  satisfies: (answer: T) => boolean,
  seconds: number,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer) || Date.now() > end) return answer;
    await sleep(pauseMilliseconds);
  }
}

/** Asks again and again until the answer is yes, or the time is over. */
export async function eventually(question: () => Promise<boolean>, seconds: number): Promise<boolean> {
  return await eventualAnswer(question, Boolean, seconds);
}
