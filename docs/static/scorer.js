/* How Sphinx's search orders its results: pages that explain and show come before decisions.
   The words of "Also known as" are index entries, whose score is up to 100 (docs/conf.py). */
var Scorer = {
  weights: [
    [/^(?:about|decisions|updating\/releases)/, 0.1],
    [/^reference\/changelog/, 0.1],
    [/^reference\//, 0.5],
    [/^(?:learn|troubleshooting|updating)\//, 0.7],
    [/^(?:operate|system-design)\//, 0.8],
  ],
  score([page, , , , score]) {
    const [, weight] = this.weights.find(([pages]) => pages.test(page)) ?? [null, 1];
    return score * weight;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
