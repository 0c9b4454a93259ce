import { describe, expect, it } from "vitest";
import { agrees, compare, type Expectation } from "../../../cli/prove/compare.ts";
import { allQuestions, type Question } from "../../../cli/prove/questions.ts";
import { subjectsOf } from "../../../cli/prove/subjects.ts";
import { pointOf } from "../../../cli/prove/verdicts.ts";
import { disagreementsOf, formatPorts, reportLines } from "../../../cli/prove/report.ts";
import { has } from "../../../components/proof/sets/intervals.ts";
import { Evidence, type Sighting } from "../../../sandbox/prove/evidence.ts";
import { probeProtocols, type Outcome, type ProbeAnswer } from "../../../sandbox/prove/prober.ts";
import type { LastSeen } from "../../../cli/prove/conduct.ts";
import { groundOf, mentionedBy, prod } from "./subject.ts";

const passes: Expectation = { answered: true, taker: "b", undecided: false };
const half: Expectation = { answered: false, taker: "b", undecided: false };
const blocked: Expectation = { answered: false, taker: undefined, undecided: false };
const open: Expectation = { answered: false, taker: undefined, undecided: true };
const silent: Sighting = { answered: false, arrived: undefined, refused: undefined, strayed: undefined };
const taken: Sighting = { ...silent, arrived: "b" };
const answered: Sighting = { ...taken, answered: true };

describe("packets and the proof", () => {
  it.each([
    ["an answer where one is foretold", passes, answered, true],
    ["an answer whose question nobody was seen to take", passes, { ...answered, arrived: undefined }, true],
    ["an answer from where another was to take it", passes, { ...answered, arrived: "c" }, false],
    ["no answer where one is foretold", passes, taken, false],
    ["nothing where an answer is foretold", passes, silent, false],
    ["nothing where nothing is foretold", blocked, silent, true],
    ["an answer where nothing is foretold", blocked, answered, false],
    ["a question that arrives where none is to", blocked, taken, false],
    ["a question that arrives and is not answered, as foretold", half, taken, true],
    ["an answer where only the question is to arrive", half, answered, false],
    ["nothing where the question is to arrive", half, silent, false],
    ["a question that arrives somewhere else", half, { ...taken, arrived: "c" }, false],
    ["what the proof cannot tell", open, silent, false],
  ])("on %s", (_, expected, seen, isAgreed) => {
    expect(agrees(expected, seen)).toBe(isAgreed);
  });
});

const subjects = subjectsOf(prod.prover, groundOf(prod.plan));
const questions = allQuestions(prod.prover, subjects, mentionedBy(prod), {
  from: ["us-west/lb-1", "edge-home/lucidia"],
  to: ["us-west/api-1", "us-west/postgres-1"],
});

/** Packets that do as the proof says. */
function obedient({ target, ports, verdict }: Question): ProbeAnswer {
  const outcome = (protocol: (typeof probeProtocols)[number]): Outcome => {
    const within = (set: Question["verdict"]["answered"]): number[] =>
      ports[protocol].filter((port) => has(set, pointOf(protocol, port, target)));
    return {
      answered: new Set(within(verdict.answered)),
      arrived: new Map(within(verdict.arrived).map((port) => [port, verdict.taker ?? ""])),
      refused: new Map(),
      strayed: new Map(),
      sources: new Map(),
    };
  };
  return { tcp: outcome("tcp"), udp: outcome("udp"), echo: outcome("echo") };
}

function evidenceOf(answers: readonly ProbeAnswer[]): Evidence[] {
  return answers.map((answer) => {
    const evidence = new Evidence();
    evidence.add(answer);
    return evidence;
  });
}

describe("a comparison", () => {
  const answers = questions.map(obedient);

  it("counts every pair, and finds nothing where packets obey", () => {
    const { pairs, differences } = compare(questions, evidenceOf(answers));
    expect(differences).toEqual([]);
    expect(pairs.map(({ from, to }) => `${from} ${to}`).sort()).toEqual([
      "edge-home/lucidia us-west/api-1",
      "edge-home/lucidia us-west/postgres-1",
      "us-west/lb-1 us-west/api-1",
      "us-west/lb-1 us-west/postgres-1",
    ]);
    expect(pairs.every(({ asked, differing }) => asked > 60 && differing === 0)).toBe(true);
    expect(pairs.find(({ from, to }) => `${from} ${to}` === "us-west/lb-1 us-west/api-1")?.passed).toBe(3);
  });

  it("tells with both reasons what packets do otherwise", () => {
    const altered = answers.map((answer, index): ProbeAnswer => {
      const { tcp } = answer;
      const question = questions[index];
      if (question === undefined) return answer;
      const { asker, target } = question;
      if (asker.name !== "us-west/lb-1") return answer;
      if (target.owner === "us-west/api-1")
        return { ...answer, tcp: { ...tcp, answered: new Set([8081, 9100]) } };
      return {
        ...answer,
        tcp: { ...tcp, answered: new Set([21, 22, 9100]), arrived: new Map([[22, target.owner]]) },
      };
    });
    const lastSeen: LastSeen = () => ({
      source: 1,
      trails: () => ({ came: ["h-api", "vpc-1"], ended: ["vpc-1"] }),
    });
    const findings = { ...compare(questions, evidenceOf(altered)), sent: 1, lastSeen };
    const found = disagreementsOf(prod.prover, findings, new Map([["vpc-1", "router of VPC us-west"]]));
    const said = found.map(({ from, to, protocol, ports, proof, packets }) => [
      `${from} ${to} ${formatPorts(ports)}/${protocol}`,
      `${proof.verdict}: ${proof.reason}`,
      `${packets.verdict}: ${packets.reason}`,
    ]);
    expect(said).toEqual([
      [
        "us-west/lb-1 us-west/api-1 8080/tcp",
        "pass: us-west/api-1 answers",
        "blocked: us-west/api-1 took it; its answer ended at router of VPC us-west",
      ],
      [
        "us-west/lb-1 us-west/postgres-1 21/tcp",
        "blocked: us-west/database/us-west-2a, network ACL us-west/database: no ingress rule matches",
        "pass: somebody took it, and its answer came back",
      ],
      [
        "us-west/lb-1 us-west/postgres-1 22/tcp",
        expect.stringMatching(
          /^blocked: network interface of us-west\/postgres-1, .*: no ingress rule matches$/,
        ) as string,
        "pass: us-west/postgres-1 took it, and its answer came back",
      ],
    ]);
    const lines = reportLines({
      agrees: false,
      seed: 7,
      mode: "all",
      pairs: findings.pairs,
      asked: 10,
      passed: 3,
      sent: 1,
      differing: 3,
      disagreements: found,
      milliseconds: 1500,
    });
    expect(lines).toContain("us-west/lb-1 to us-west/api-1 (10.0.10.11) 8080/tcp");
    expect(lines.at(-1)).toBe(
      "4 pairs, 10 questions of which 3 pass, 1 packets in 1.5 s, seed 7: 3 differ, in 3 ways",
    );
  });

  it("counts what any round has shown: a packet that is lost once is no evidence", () => {
    const silence = questions.map((question) =>
      obedient({ ...question, ports: { tcp: [], udp: [], echo: [] } }),
    );
    const lost = evidenceOf(silence);
    expect(compare(questions, lost).differences.length).toBeGreaterThan(0);
    for (const [index, answer] of answers.entries()) lost[index]?.add(answer);
    expect(compare(questions, lost).differences).toEqual([]);
  });
});

describe("ports in words", () => {
  it("are runs in order", () => {
    expect(formatPorts([80, 22, 21, 23, 443])).toBe("21-23, 80, 443");
    expect(formatPorts([])).toBe("");
  });
});
