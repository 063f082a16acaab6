// The talk with the service: requests, their pauses while it is down, and what is said where there is no answer.

// The folder of the script that the page has loaded, /tsuzuki.js: the service's own address.
const HERE = new URL("../..", import.meta.url).href;
const FIRST_PAUSE_SECONDS = 2;
const LONGEST_PAUSE_SECONDS = 64;
const LONGEST_REQUEST_MILLISECONDS = 10_000;
const QUIETLY = { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" };
const NAME_ENDPOINT = "Set data-tsuzuki-endpoint to the address of the suggestion service.";

/** The message for a person where there are no suggestions; empty where the answer is one. */
function problemOf({ status, answer }, path, key, forbidden) {
  if (status === 200 && Array.isArray(answer?.suggestions ?? answer?.corrections)) return "";
  if (status === 200) return `This address answers, but not with suggestions. ${NAME_ENDPOINT}`;
  if (status === 0 && !navigator.onLine) return "You are offline: suggestions come back with the connection.";
  if (forbidden) {
    return `The suggestion service does not allow this page. It has to have ${location.origin} in TSUZUKI_CORS_ORIGINS.`;
  }
  if (status === 0) return "The suggestion service cannot be reached: suggestions come back when it does.";
  if (status === 401) return `The suggestion service ${key ? "refuses this" : "asks for a"} key (data-tsuzuki-key).`;
  if (status === 403) return `The suggestion service does not allow this key or this page (data-tsuzuki-key).`;
  if (status === 404 || status === 405) return `This address has no /${path}. ${NAME_ENDPOINT}`;
  if (status === 429) return "Too many requests: suggestions pause for a moment.";
  if (status === 503) return "The suggestion service is busy or starting: suggestions pause for a moment.";
  return `No suggestions: ${answer?.detail ?? `the service answered with status ${status}`}`;
}

class Service {
  constructor(endpoint) {
    this.endpoint = endpoint;
    this.pauses = 0; // since the last answer
    this.until = 0; // milliseconds of performance.now()
    this.said = ""; // the message that was shown last, and not again until an answer comes
  }

  get pause() {
    return Math.max(0, this.until - performance.now());
  }

  resume() {
    this.until = 0;
  }

  /** Make one request; a status of 0 where no answer came, a `problem` where there are no suggestions. */
  async ask(path, request, key) {
    const url = `${this.endpoint}/${path}`;
    const headers = { "Content-Type": "application/json" };
    if (key) headers.Authorization = `Bearer ${key}`;
    const begun = performance.now();
    const told = { url, request, status: 0, answer: null };
    let [retryAfter, forbidden] = [0, false];
    try {
      const signal = AbortSignal.timeout(LONGEST_REQUEST_MILLISECONDS);
      const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(request), signal, ...QUIETLY });
      told.status = response.status;
      retryAfter = Number(response.headers.get("Retry-After"));
      told.answer = await response.json();
    } catch {
      // Not reached, or not JSON: the status says which.
    }
    told.milliseconds = performance.now() - begun;
    if (told.status === 0 && !this.said) forbidden = await this.forbids();
    const problem = problemOf(told, path, key, forbidden);
    this.note(told.status, problem, retryAfter);
    return { ...told, problem };
  }

  /** Tell the service something; a status of 0 where no answer came. It arrives even where the page is left meanwhile. */
  async tell(method, path, key, body) {
    const headers = body ? { "Content-Type": "application/json" } : {};
    if (key) headers.Authorization = `Bearer ${key}`;
    const content = body && JSON.stringify(body);
    // Browsers let that be no longer.
    const keepalive = !content || content.length < 20_000;
    const told = { status: 0, answer: null };
    try {
      const response = await fetch(`${this.endpoint}/${path}`, { method, headers, body: content, keepalive, ...QUIETLY });
      told.status = response.status;
      told.answer = await response.json();
    } catch {
      // Not reached, or not JSON: the status says which.
    }
    return told;
  }

  /** Back off twice as long with each failure in a row; what only the page can mend is no reason to wait. */
  note(status, problem, retryAfter) {
    if (!problem) {
      this.pauses = this.until = 0;
      this.said = "";
    } else if (status !== 401 && status !== 403 && status !== 422 && !this.pause) {
      const seconds = retryAfter > 0 ? retryAfter : FIRST_PAUSE_SECONDS * 2 ** this.pauses++;
      this.until = performance.now() + 1000 * Math.min(seconds, LONGEST_PAUSE_SECONDS);
    }
  }

  /** Tell whether the service is there, and only this page may not read what it answers. */
  async forbids() {
    if (new URL(this.endpoint, location.href).origin === location.origin || !navigator.onLine) return false;
    return fetch(`${this.endpoint}/health/live`, { mode: "no-cors", ...QUIETLY }).then(() => true, () => false);
  }
}

const services = new Map();

/** The service at an address; fields that share it share its pauses. */
export function serviceAt(address) {
  const endpoint = (address || HERE).replace(/\/$/, "");
  if (!services.has(endpoint)) services.set(endpoint, new Service(endpoint));
  return services.get(endpoint);
}
