/** What others have published of how long verification takes, and what of it can be set beside ours. */

interface Published {
  readonly tool: string;
  /** The page with the figure. */
  readonly source: string;
  readonly figure: string;
  readonly comparable: string;
  readonly different: string;
}

const all: readonly Published[] = [
  {
    tool: "Batfish (Brown and others, SIGCOMM 2023)",
    source: "https://par.nsf.gov/biblio/10534020-lessons-from-evolution-batfish-configuration-analysis-tool",
    figure: "networks of thousands of nodes within minutes",
    comparable: "answers for all traffic at once, there and back, from a whole configuration",
    different:
      "reads vendors' configurations and computes routing protocols, which is much of its time; our routes are given. It has no WireGuard and no nftables",
  },
  {
    tool: "Delta-net (Horn, Kheradmand, Prasad, NSDI 2017)",
    source: "https://arxiv.org/abs/1702.07375",
    figure: "about 40 µs for a forwarding rule that comes or goes",
    comparable: "addresses as intervals, and whatever is treated alike taken as one",
    different:
      "follows changes of one network, over hundreds of millions of prefix rules; ours starts anew each time, over some thousands of rules that are ordered, look at ports and remember connections",
  },
  {
    tool: "Atomic predicates (Yang, Lam, ToN 2017)",
    source: "https://www.cs.utexas.edu/users/lam/NRL/Atomic_Predicates_Verifiers.html",
    figure: "65 ms on average for a reachability tree from one port, over 11.6 million forwarding rules",
    comparable: "the tree is one of our senders beside everybody; tunnels and translations are part of it",
    different: "no connection is remembered, so nothing is said about answers",
  },
  {
    tool: "KATch (Moeller and others, PLDI 2024)",
    source: "https://research.google/pubs/katch-a-fast-symbolic-verifier-for-netkat/",
    figure: "reachability and slice isolation typically well under a second",
    comparable: "exact, with a witness",
    different:
      "one property of one network of its benchmarks at a time; NetKAT has no memory, so neither tracked connections nor answers",
  },
  {
    tool: "AWS Reachability Analyzer (Tiros)",
    source: "https://link.springer.com/chapter/10.1007/978-3-030-81688-9_39",
    figure: "none that we know of for a whole network",
    comparable: "the same rules of VPCs, and why something is blocked",
    different: "one source and one destination at a time, of a network that is already there, by a solver",
  },
  {
    tool: "np-guard",
    source: "https://github.com/np-guard",
    figure: "none that we know of",
    comparable: "the same kind of sets: addresses × protocol × ports, exact",
    different: "security groups and ACLs of clouds; no hosts behind them, no tunnels, no edge",
  },
];

const head = ["by", "published", "comparable", "not comparable"];

/** As a table in markdown. */
export const publishedTable: readonly string[] = [
  head,
  head.map(() => "---"),
  ...all.map(({ tool, source, figure, comparable, different }) => [
    `[${tool}](${source})`,
    figure,
    comparable,
    different,
  ]),
].map((cells) => `| ${cells.join(" | ")} |`);
