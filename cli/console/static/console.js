// What the console's pages do beyond htmx: clocks that tick between two readings, dialogs, and words for screen readers.
"use strict";

const page = document.body;
const speed = Number(page.dataset.speed);
let told = page.dataset.now;
let toldAt = performance.now();

function now() {
  return Date.parse(told) + (performance.now() - toldAt) * speed;
}

// The two largest units, as chalicelib/explain/words.py spells them.
function spell(milliseconds) {
  let seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]].map(([unit, size]) => {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    return [count, unit];
  });
  return parts.filter(([count]) => count).slice(0, 2).map((part) => part.join(" ")).join(" ") || "0 s";
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const at = now();
  for (const each of document.querySelectorAll("[data-until]")) {
    const left = Date.parse(each.dataset.until) - at;
    write(each, left > 0 ? spell(left) : "passed");
    each.classList.toggle("soon", left < 300000);
  }
  for (const each of document.querySelectorAll("[data-since]")) write(each, spell(at - Date.parse(each.dataset.since)));
}

function hearTheTime() {
  const status = document.querySelector(".status[data-now]");
  if (status && status.dataset.now !== told) {
    told = status.dataset.now;
    toldAt = performance.now();
  }
}

let lastNews = document.querySelector("[data-news]")?.textContent;

function sayTheNews() {
  const latest = document.querySelector("[data-news]")?.textContent;
  if (latest && latest !== lastNews) write(document.getElementById("news"), latest);
  lastNews = latest;
}

const dialog = document.getElementById("dialog");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "dialog-body") return;
  hearTheTime();
  sayTheNews();
  tick();
});
// Only when it has settled does htmx answer for a form: shown sooner, a quick Enter would be the browser's own submit.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "dialog-body") return;
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) dialog.close();
});
dialog.addEventListener("close", () => document.getElementById("dialog-body").replaceChildren());

document.addEventListener("htmx:sseOpen", () => page.classList.remove("lost"));
document.addEventListener("htmx:sseError", () => page.classList.add("lost"));

// What somebody has opened stays open when its part is sent anew.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => !(name === "open" && element.tagName === "DETAILS");

setInterval(tick, 1000);
tick();
