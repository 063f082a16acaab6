const NAMES = ["endpoint", "key", "limit", "words", "mode", "minProbability", "ghostProbability", "check", "announce", "model", "user", "learn"];

const dashed = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The attributes that stand for the options. */
export function attributesOf(options = {}) {
  const given = NAMES.filter((name) => options[name] !== undefined && options[name] !== false);
  const value = (name) => (options[name] === true ? "" : String(options[name]));
  return { "data-tsuzuki": "", ...Object.fromEntries(given.map((name) => [`data-tsuzuki-${dashed(name)}`, value(name)])) };
}
