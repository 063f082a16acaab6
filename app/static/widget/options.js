// The attributes of a field; docs/widget.md explains them.

const MODES = ["ghost", "strip", "both"];

function probability(value, otherwise) {
  const number = value?.trim() ? Number(value) : NaN;
  return number >= 0 && number <= 1 ? number : otherwise;
}

function count(value, most, otherwise) {
  const number = Number(value);
  return Number.isInteger(number) && number >= 1 && number <= most ? number : otherwise;
}

/** The options of a field; a value that is not allowed counts as not given. */
export function readOptions({ dataset }) {
  return {
    endpoint: dataset.tsuzukiEndpoint,
    key: dataset.tsuzukiKey,
    limit: count(dataset.tsuzukiLimit, 9, 5),
    words: count(dataset.tsuzukiWords, 8, 4),
    mode: MODES.includes(dataset.tsuzukiMode) ? dataset.tsuzukiMode : "both",
    minProbability: probability(dataset.tsuzukiMinProbability, 0.01),
    // At 0.3 grey text stands half as often as without a limit, and has seven of eight of the right words.
    ghostProbability: probability(dataset.tsuzukiGhostProbability, 0.3),
    model: dataset.tsuzukiModel,
    user: dataset.tsuzukiUser || undefined,
    learn: dataset.tsuzukiLearn !== "off",
    check: dataset.tsuzukiCheck !== undefined && dataset.tsuzukiCheck !== "off",
    announce: dataset.tsuzukiAnnounce !== "off",
  };
}
