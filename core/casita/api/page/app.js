// The page: rooms, what was found, automations, the log with its reasons, and plugins.
// Whatever comes from the hub is put on the page as text, never as markup.

const $ = (id) => document.getElementById(id);
const KEY = "casita-token";
const SECTIONS = ["rooms", "found", "automations", "log", "plugins"];
const LOG_LINES = 200;

/** Make an element. Strings among the children become text. */
function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value") node.value = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// ---- Talking to the hub

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const hub = {
  token: localStorage.getItem(KEY) ?? sessionStorage.getItem(KEY),

  headers() {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  },

  async ask(method, path, body) {
    const headers = this.headers();
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    const result = await answer.json();
    if (answer.ok) return result;
    if (answer.status === 401 && this.token) leave("Please sign in again.");
    throw new Refused(answer.status, result.error.message);
  },

  keep(token, lasting) {
    this.token = token;
    (lasting ? localStorage : sessionStorage).setItem(KEY, token);
  },

  forget() {
    this.token = null;
    localStorage.removeItem(KEY);
    sessionStorage.removeItem(KEY);
  },
};

/**
 * Follow the log for ever: each event once, in order, across broken connections. Where the log
 * has forgotten what comes next (`next` names what it has), everything is loaded anew.
 */
async function follow(after, heard, signal) {
  let last = after;
  let pause = 500;
  while (!signal.aborted) {
    try {
      const headers = { ...hub.headers(), "Last-Event-ID": String(last) };
      const answer = await fetch("/api/events?sentences=true", { headers, signal });
      if (answer.status === 401) return leave("Please sign in again.");
      if (!answer.ok) throw new Error(String(answer.status));
      showLink("live", "Live");
      pause = 500;
      for await (const event of eventsOf(answer.body)) {
        if (event.next) last = await load();
        else {
          last = event.offset;
          heard(event);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
    }
    showLink("lost", "Connecting…");
    await new Promise((wake) => setTimeout(wake, pause));
    pause = Math.min(pause * 2, 10_000);
  }
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").find((line) => line.startsWith("data: "));
      if (data) yield JSON.parse(data.slice(6));
    }
  }
}

// ---- What is known

const house = { states: new Map(), entities: new Map(), devices: new Map(), areas: [], scopes: [] };
const cards = new Map();

async function load() {
  const get = (path) => hub.ask("GET", path);
  const [me, page, states, entities, devices, areas] = await Promise.all([
    get("/api/me"),
    get("/api/log?limit=60&sentences=true"),
    get("/api/states"),
    get("/api/entities"),
    get("/api/devices"),
    get("/api/areas"),
  ]);
  house.scopes = me.scopes;
  house.states = new Map(states.map((one) => [one.entity_id, one]));
  house.entities = new Map(entities.map((one) => [one.entity_id, one]));
  house.devices = new Map(devices.map((one) => [one.id, one]));
  house.areas = areas;
  $("who").textContent = `You are ${me.actor}, and may: ${me.scopes.join(", ")}.`;
  showRooms();
  showAutomations();
  showLog(page.events);
  await Promise.all([showFound(), showPlugins()]);
  return page.head;
}

function heard(event) {
  addToLog(event, true);
  const family = event.type.split(".")[0];
  if (event.type === "state.changed") stateChanged(event);
  else if (["entity", "area", "device"].includes(family)) soon(reload);
  if (family === "device") soon(showFound);
  if (family === "plugin" || family === "config") soon(showPlugins);
}

function stateChanged(event) {
  const { state, attributes } = event.data;
  const known = house.states.get(event.subject);
  if (state === null) house.states.delete(event.subject);
  else house.states.set(event.subject, { entity_id: event.subject, state, attributes });
  if (event.subject.startsWith("automation.")) return soon(showAutomations);
  if (state === null || !known || !cards.has(event.subject)) return soon(showRooms);
  refresh(event.subject);
}

async function reload() {
  const [entities, devices, areas] = await Promise.all(
    ["/api/entities", "/api/devices", "/api/areas"].map((path) => hub.ask("GET", path)),
  );
  house.entities = new Map(entities.map((one) => [one.entity_id, one]));
  house.devices = new Map(devices.map((one) => [one.id, one]));
  house.areas = areas;
  showRooms();
}

const waiting = new Set();
/** Do something once in a moment, however often it is asked for until then. */
function soon(task) {
  if (waiting.has(task)) return;
  waiting.add(task);
  setTimeout(() => {
    waiting.delete(task);
    Promise.resolve(task()).catch(tell);
  }, 250);
}

// ---- Words

const may = (scope) => house.scopes.includes(scope);
const domainOf = (id) => id.split(".")[0];
const nameOf = (one) => one.attributes.friendly_name ?? plain(one.entity_id.split(".")[1]);
/** The name as its room needs it: in the kitchen, the kitchen lamp is the lamp. */
const nameIn = (room, one) => {
  const name = nameOf(one);
  const said = name.toLowerCase().startsWith(`${room.toLowerCase()} `);
  return said ? capital(name.slice(room.length + 1)) : name;
};
const plain = (text) => capital(String(text).replaceAll("_", " "));
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/** A sentence may begin with the name of a service, which stays as it is. */
const asSentence = (text) => (/^\w+\./.test(text) ? text : capital(text));
const STAMPED = ["button", "scene", "input_button", "event"];
const isAway = (one) =>
  one.state === "unavailable" || (one.state === "unknown" && !STAMPED.includes(domainOf(one.entity_id)));
const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const BINARY = {
  door: ["Open", "Closed"], garage_door: ["Open", "Closed"], window: ["Open", "Closed"],
  opening: ["Open", "Closed"], motion: ["Detected", "Quiet"], occupancy: ["Occupied", "Empty"],
  presence: ["Home", "Away"], moisture: ["Wet", "Dry"], smoke: ["Detected", "Clear"],
  gas: ["Detected", "Clear"], problem: ["Problem", "Fine"], battery: ["Low", "Fine"],
  connectivity: ["Connected", "Disconnected"], lock: ["Unlocked", "Locked"],
};

function wordsFor(one) {
  if (one.state === "unavailable") return "Out of reach";
  if (isAway(one)) return "Not known yet";
  const { device_class: kind, unit_of_measurement: unit } = one.attributes;
  const domain = domainOf(one.entity_id);
  if (domain === "binary_sensor") return (BINARY[kind] ?? ["On", "Off"])[one.state === "on" ? 0 : 1];
  if (STAMPED.includes(domain) || kind === "timestamp") return since(one.state);
  const value = Number(one.state);
  if (one.state.trim() !== "" && !Number.isNaN(value)) {
    return unit ? `${number.format(value)} ${unit}` : number.format(value);
  }
  if (domain === "climate" && one.attributes.current_temperature !== undefined) {
    return `${plain(one.attributes.hvac_action ?? one.state)} · ${number.format(one.attributes.current_temperature)}° now`;
  }
  if (domain === "light" && one.state === "on" && one.attributes.brightness) {
    return `On · ${percent(one.attributes.brightness)} %`;
  }
  return plain(one.state);
}

const percent = (byte) => Math.round((byte * 100) / 255);

function since(text) {
  const time = Date.parse(text);
  if (Number.isNaN(time)) return "Never yet";
  const seconds = (time - Date.now()) / 1000;
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return "just now";
}

// ---- Rooms

const HIDDEN = ["automation", "zone", "sun", "notify"];
const READINGS = ["sensor", "binary_sensor", "weather", "person", "device_tracker", "event", "update"];

/** Whether something runs, glows, or stands open that should rather be shut. */
function isOn({ entity_id: id, state, attributes: has }) {
  if (has.hvac_action) return !["idle", "off"].includes(has.hvac_action);
  if (domainOf(id) === "cover") return isSecured(id, has) && state !== "closed";
  return ["on", "unlocked", "playing", "cleaning", "heat", "cool", "triggered"].includes(state);
}

const isSecured = (id, has) =>
  id.startsWith("lock.") || ["garage", "gate", "door"].includes(has.device_class);

function areaOf(id) {
  const entry = house.entities.get(id);
  return entry?.area_id ?? house.devices.get(entry?.device_id)?.area_id ?? null;
}

function showRooms() {
  if ($("rooms").contains(document.activeElement) && document.activeElement.matches("input, select")) {
    return soon(showRooms);
  }
  cards.clear();
  const byArea = new Map([...house.areas.map((area) => [area.id, []]), [null, []]]);
  for (const one of house.states.values()) {
    if (!HIDDEN.includes(domainOf(one.entity_id))) {
      (byArea.get(areaOf(one.entity_id)) ?? byArea.get(null)).push(one);
    }
  }
  const rooms = [...house.areas, { id: null, name: house.areas.length ? "Elsewhere" : "Home" }]
    .filter((area) => byArea.get(area.id).length)
    .map((area) => room(area.name, byArea.get(area.id)));
  const empty = el("p", { class: "empty" }, "No devices yet. Look under Found, or add a plugin.");
  $("rooms").replaceChildren(...(rooms.length ? rooms : [empty]));
}

function room(name, states) {
  states.sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const readings = states.filter((one) => READINGS.includes(domainOf(one.entity_id)));
  const things = states.filter((one) => !readings.includes(one));
  const sum = el("span", { class: "sum" });
  const node = el("div", { class: "room" },
    el("header", {}, el("h2", {}, name), sum),
    things.length ? el("div", { class: "cards" }, things.map((one) => card(name, one))) : null,
    readings.length ? el("ul", { class: "chips" }, readings.map((one) => chip(name, one))) : null,
  );
  const ids = things.map((one) => one.entity_id).filter((id) => domainOf(id) === "light");
  const count = () => {
    const lit = ids.filter((id) => house.states.get(id)?.state === "on").length;
    sum.textContent = lit ? `${lit} ${lit === 1 ? "light" : "lights"} on` : "";
  };
  for (const id of ids) cards.get(id).after = count;
  count();
  return node;
}

function chip(room, one) {
  const node = el("li", {});
  const draw = (now) => {
    node.className = isAway(now) ? "away" : now.state === "on" ? "on" : "";
    node.replaceChildren(nameIn(room, now), el("b", {}, wordsFor(now)));
  };
  cards.set(one.entity_id, { draw });
  draw(one);
  return node;
}

function card(room, one) {
  const node = el("article", { class: "card" });
  const draw = (now) => {
    if (node.contains(document.activeElement) && document.activeElement.matches("[type=range]:active")) return;
    const focused = [...node.querySelectorAll("button, input, select")].indexOf(document.activeElement);
    node.className = `card${isOn(now) ? " on" : ""}${isAway(now) ? " away" : ""}`;
    const [beside, ...below] = may("control") ? controls(now) : [null];
    node.replaceChildren(
      el("div", { class: "head" },
        el("div", {},
          el("div", { class: "name" }, nameIn(room, now)), el("div", { class: "state" }, wordsFor(now))),
        beside || ""),
      ...below.filter(Boolean).map((part) => el("div", { class: "row" }, part)),
    );
    if (focused >= 0) node.querySelectorAll("button, input, select")[focused]?.focus();
  };
  cards.set(one.entity_id, { draw });
  draw(one);
  return node;
}

function refresh(id) {
  const known = cards.get(id);
  known.draw(house.states.get(id));
  known.after?.();
}

/** Command an entity; the card shows what came of it when the device says so. */
async function command(id, service, data = {}) {
  const name = service.includes(".") ? service : `${domainOf(id)}.${service}`;
  try {
    const answer = await hub.ask("POST", "/api/command", { service: name, target: id, data });
    const ended = answer.outcomes[id];
    if (ended && ended.status !== "done") tell(new Error(ended.message ?? `${name}: ${ended.status}`));
  } catch (error) {
    tell(error);
  }
  if (cards.has(id) && house.states.has(id)) refresh(id);
}

// ---- Controls: what stands beside the name, then the rows below it

function controls(one) {
  const { entity_id: id, attributes: has } = one;
  const act = (service, data) => () => command(id, service, data);
  if (isSecured(id, has) && !may("control:secure")) return [null];
  switch (domainOf(id)) {
    case "light": {
      const dims = (has.supported_color_modes ?? []).some((mode) => mode !== "onoff");
      return [toggle(one), dims && slider("Brightness", {
        value: one.state === "on" ? percent(has.brightness ?? 255) : 0, min: 0, max: 100, unit: "%",
        send: (value) => command(id, value ? "turn_on" : "turn_off", value ? { brightness: Math.round(value * 2.55) } : {}),
      })];
    }
    case "fan":
      return [toggle(one), has.percentage !== undefined && slider("Speed", {
        value: has.percentage ?? 0, min: 0, max: 100, step: has.percentage_step ?? 1, unit: "%",
        send: (value) => command(id, "set_percentage", { percentage: value }),
      })];
    case "switch": case "input_boolean": case "siren": case "humidifier": case "remote":
      return [toggle(one)];
    case "group":
      return [toggle(one, "homeassistant.")];
    case "cover": case "valve": {
      const kind = domainOf(id);
      const way = (sign, verb) => push(sign, act(`${verb}_${kind}`), { class: "round", "aria-label": plain(verb) });
      return [
        el("div", { class: "row" }, way("↑", "open"), way("■", "stop"), way("↓", "close")),
        has.current_position !== undefined && slider("Position", {
          value: has.current_position, min: 0, max: 100, unit: "%",
          send: (value) => command(id, `set_${kind}_position`, { position: value }),
        })];
    }
    case "lock":
      return [one.state === "locked" ? pushTwice("Unlock", act("unlock")) : push("Lock", act("lock"))];
    case "climate": return climate(one);
    case "number": case "input_number":
      return [null, slider(nameOf(one), {
        value: Number(one.state), min: has.min, max: has.max, step: has.step, unit: has.unit_of_measurement ?? "",
        send: (value) => command(id, "set_value", { value }),
      })];
    case "select": case "input_select":
      return [null, choice("Option", has.options, one.state, (option) => command(id, "select_option", { option }))];
    case "button": case "input_button": return [push("Press", act("press"))];
    case "scene": return [push("Activate", act("turn_on"))];
    case "script": return [push("Run", act("turn_on"))];
    case "media_player":
      if (["off", "standby"].includes(one.state)) return [push("Turn on", act("turn_on"))];
      return [push(one.state === "playing" ? "Pause" : "Play", act("media_play_pause"))];
    case "vacuum":
      return [one.state === "cleaning" ? push("Send home", act("return_to_base")) : push("Clean", act("start"))];
    default: return [null];
  }
}

function climate(one) {
  const { entity_id: id, attributes: has } = one;
  const step = has.target_temp_step ?? 0.5;
  const turn = (by) => () => command(id, "set_temperature", { temperature: has.temperature + by });
  const set = (mode) => command(id, "set_hvac_mode", { hvac_mode: mode });
  return [
    has.hvac_modes?.length > 1 && choice("Mode", has.hvac_modes, one.state, set),
    typeof has.temperature === "number" && [
      push("−", turn(-step), { class: "round", "aria-label": "Cooler" }),
      el("span", { class: "wanted" }, `${number.format(has.temperature)}°`),
      push("+", turn(step), { class: "round", "aria-label": "Warmer" }),
    ],
  ];
}

function toggle(one, prefix = "") {
  const on = one.state === "on";
  return el("button", {
    type: "button", role: "switch", "aria-checked": String(on), "aria-label": nameOf(one),
    disabled: one.state === "unavailable",
    onclick: (click) => {
      click.currentTarget.setAttribute("aria-busy", "true");
      command(one.entity_id, `${prefix}${on ? "turn_off" : "turn_on"}`);
    },
  });
}

function push(label, act, props = {}) {
  return el("button", { type: "button", onclick: act, ...props }, label);
}

/** A button for what should not happen by a slip of the thumb. */
function pushTwice(label, act) {
  const button = push(label, () => {
    if (button.classList.contains("sure")) return act();
    button.classList.add("sure");
    button.textContent = `${label}, really?`;
    setTimeout(() => {
      button.classList.remove("sure");
      button.textContent = label;
    }, 4000);
  });
  return button;
}

function slider(label, { value, min = 0, max = 100, step = 1, unit, send }) {
  const show = (now) => `${number.format(now)}${unit ? ` ${unit}` : ""}`;
  const amount = el("span", { class: "amount" }, show(value));
  const fill = (input) => input.style.setProperty("--level", `${((input.value - min) / (max - min)) * 100}%`);
  const input = el("input", {
    type: "range", min, max, step, value, "aria-label": label,
    oninput: () => {
      amount.textContent = show(Number(input.value));
      fill(input);
    },
    onchange: () => send(Number(input.value)),
  });
  input.value = value;
  fill(input);
  return [input, amount];
}

function choice(label, options, value, send) {
  return el("select", { "aria-label": label, onchange: (change) => send(change.target.value) },
    (options ?? []).map((option) => el("option", { value: option, selected: option === value }, plain(option))));
}

// ---- Found

async function showFound() {
  const found = await hub.ask("GET", "/api/discovery");
  const fresh = found.filter((one) => one.status === "new");
  const ignored = found.filter((one) => one.status === "ignored");
  badge("found-count", fresh.length);
  if ($("found").contains(document.activeElement) && document.activeElement.matches("input")) return;
  $("found-list").replaceChildren(
    fresh.length ? el("div", { class: "rows" }, fresh.map(candidate))
      : el("p", { class: "empty" }, "Nothing new. Devices appear here by themselves."),
    ignored.length ? el("details", {}, el("summary", {}, `${ignored.length} ignored`),
      el("div", { class: "rows" }, ignored.map(candidate))) : "",
  );
}

function candidate(one) {
  const { title, asks, detail } = one.candidate;
  const path = `/api/discovery/${encodeURIComponent(one.id)}`;
  const fields = Object.entries(asks).map(([key, what]) =>
    el("label", {}, capital(what), el("input", { name: key, required: true, autocomplete: "off" })));
  const adopt = async (submit) => {
    submit.preventDefault();
    const button = submit.target.querySelector(".primary");
    button.disabled = true;
    button.textContent = "Adopting…";
    try {
      await hub.ask("POST", `${path}/adopt`, { answers: Object.fromEntries(new FormData(submit.target)) });
      document.activeElement.blur();
      tell(new Error(`${title} is part of the house now.`));
    } catch (error) {
      tell(error);
      button.disabled = false;
      button.textContent = "Adopt";
    }
    soon(showFound);
  };
  const ignore = () => hub.ask("POST", `${path}/ignore`).then(showFound).catch(tell);
  return el("div", { class: "item" },
    el("div", {}, el("h3", {}, title),
      el("small", {}, [one.source, ...Object.values(detail).filter((part) => typeof part !== "object")].join(" · "))),
    may("admin") ? el("form", { onsubmit: adopt }, fields,
      el("button", { class: "primary" }, "Adopt"),
      one.status === "new" ? push("Ignore", ignore) : null) : null);
}

// ---- Automations

function showAutomations() {
  const list = [...house.states.values()].filter((one) => domainOf(one.entity_id) === "automation");
  list.sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  $("automation-list").replaceChildren(...(list.length ? list.map(automation)
    : [el("p", { class: "empty" }, "No automations are configured.")]));
}

function automation(one) {
  const path = `/api/automations/${encodeURIComponent(one.entity_id)}`;
  const ask = (verb) => () => hub.ask("POST", `${path}/${verb}`).catch(tell);
  const { last_triggered: last, current } = one.attributes;
  const faulty = isAway(one);
  const when = current ? "Running now" : last ? `Ran ${since(last)}` : "Has not run yet";
  const flip = el("button", {
    type: "button", role: "switch", "aria-checked": String(one.state === "on"),
    "aria-label": nameOf(one), onclick: ask(one.state === "on" ? "disable" : "enable"),
  });
  const shown = el("span", { class: faulty ? "pill bad" : "pill" }, faulty ? "Faulty" : plain(one.state));
  const side = may("control") && !faulty ? [push("Run", ask("trigger")), flip] : [shown];
  return el("div", { class: "item" },
    el("div", {}, el("h3", {}, nameOf(one)),
      el("small", {}, faulty ? "Does not run: it has a fault, see Plugins" : when)),
    side);
}

// ---- The log, and why

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function showLog(events) {
  $("log-list").replaceChildren();
  for (const event of events) addToLog(event, false);
}

function addToLog(event, fresh) {
  const list = $("log-list");
  const quiet = ["timer", "command", "entity"].includes(event.type.split(".")[0]);
  const button = el("button", { type: "button", "aria-expanded": "false" },
    el("time", { datetime: event.time, title: event.time }, clock.format(new Date(event.time))),
    el("span", { class: quiet ? "quiet" : null }, asSentence(event.sentence)));
  const line = el("li", { class: fresh ? "fresh" : null }, button);
  button.addEventListener("click", () => why(event, line, button).catch(tell));
  list.prepend(line);
  while (list.childElementCount > LOG_LINES) list.lastElementChild.remove();
}

async function why(event, line, button) {
  const open = line.querySelector(".why");
  button.setAttribute("aria-expanded", String(!open));
  if (open) return open.remove();
  const told = await hub.ask("GET", `/api/why/${event.offset}?effects=true`);
  const step = (tag, one) => el("li", {},
    el("span", { class: "tag" }, tag), ` ${asSentence(one.sentence)}`,
    el("small", {}, [clock.format(new Date(one.time)), one.type, one.actor && `by ${one.actor}`].filter(Boolean).join(" · ")));
  const causes = told.chain.slice(1).map((one) => step("Because", one));
  const end = told.missing ? "What came before has left the log."
    : told.chain[0].actor ? `${told.chain[0].actor} asked for it.` : "Nothing else led to it.";
  if (!causes.length || told.missing) causes.push(el("li", {}, end));
  line.append(el("ol", { class: "why" }, causes, told.effects.map((one) => step("So", one))));
}

// ---- Plugins

async function showPlugins() {
  const [plugins, problems] = await Promise.all(
    ["/api/plugins", "/api/problems"].map((path) => hub.ask("GET", path)),
  );
  const bad = (one) => !["running", "installed", "starting", "stopped"].includes(one.state);
  badge("plugin-count", plugins.filter(bad).length + problems.length);
  $("problem-list").replaceChildren(problems.length ? el("div", { class: "rows" }, problems.map((one) =>
    el("div", { class: "item" }, el("div", {},
      el("h3", {}, [one.file, one.line].filter(Boolean).join(":") || "Configuration"),
      el("p", { class: "reason" }, [one.key, one.message].filter(Boolean).join(": ")))))) : "");
  $("plugin-list").replaceChildren(...plugins.map((one) => {
    const failing = one.instances.filter((part) => part.name !== one.name || part.errors);
    return el("div", { class: "item" },
      el("div", {}, el("h3", {}, one.name), el("small", {}, [one.distribution, one.version].filter(Boolean).join(" ")),
        one.reason ? el("p", { class: "reason" }, one.reason) : null,
        failing.map((part) => el("p", { class: "reason" },
          `${part.name}: ${part.reason ?? part.state}${part.errors ? `, ${part.errors} errors; last: ${part.last_error}` : ""}`))),
      el("span", { class: `pill ${bad(one) ? "bad" : one.state === "running" ? "good" : ""}` }, capital(one.state)));
  }));
}

// ---- The frame: sections, signing in and out, notices

function badge(id, count) {
  $(id).textContent = String(count);
  $(id).hidden = !count;
}

function tell(error) {
  const note = el("p", {}, error.message || "The hub does not answer.");
  $("notices").append(note);
  setTimeout(() => note.remove(), 6000);
}

function showLink(kind, words) {
  $("link").className = `link ${kind}`;
  $("link").textContent = words;
}

function showSection() {
  const wanted = location.hash.slice(1);
  const current = SECTIONS.includes(wanted) ? wanted : "rooms";
  $("sections").hidden = !hub.token;
  $("sign-in").hidden = Boolean(hub.token);
  for (const id of SECTIONS) $(id).hidden = !hub.token || id !== current;
  for (const link of $("sections").children) {
    if (link.hash === `#${current}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

let listening = new AbortController();

async function enter() {
  showSection();
  if (!hub.token) return showLink("", "Signed out");
  listening = new AbortController();
  const { signal } = listening;
  for (let pause = 500; !signal.aborted; pause = Math.min(pause * 2, 10_000)) {
    try {
      return follow(await load(), heard, signal);
    } catch (error) {
      showLink("lost", "Connecting…");
      if (error instanceof Refused) tell(error);
      await new Promise((wake) => setTimeout(wake, pause));
    }
  }
}

function leave(reason) {
  listening.abort();
  hub.forget();
  showLink("", "Signed out");
  if (reason) tell(new Error(reason));
  showSection();
}

async function signIn(submit) {
  submit.preventDefault();
  const form = new FormData(submit.target);
  let token = form.get("secret").trim();
  try {
    if (!token.startsWith("casita_")) {
      const name = form.get("name").trim() || "My browser";
      token = (await hub.ask("POST", "/api/setup", { code: token, name })).token;
    }
    hub.keep(token, form.get("keep") !== null);
    submit.target.reset();
    await enter();
  } catch (error) {
    tell(error);
  }
}

$("sign-in-form").addEventListener("submit", signIn);
$("sign-in-form").addEventListener("input", (typed) => {
  if (typed.target.name === "secret") $("name-field").hidden = typed.target.value.startsWith("casita_");
});
$("sign-out").addEventListener("click", () => leave());
addEventListener("hashchange", () => {
  showSection();
  scrollTo(0, 0);
});
setInterval(() => soon(showAutomations), 60_000);
enter();
