// Moves the line of each variant's picture to the slider's instant, and says what is the case there.
"use strict";

function spelled(seconds) {
  const parts = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]].map(([unit, size]) => {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    return count ? count + unit : "";
  });
  return parts.join("") || "0s";
}

function at(row, seconds, last) {
  for (const bar of row.querySelectorAll("[data-begins]")) {
    const [begins, ends] = [Number(bar.dataset.begins), Number(bar.dataset.ends)];
    if (begins <= seconds && (seconds < ends || (seconds === ends && ends === last))) return bar;
  }
  return null;
}

function said(bar) {
  return bar ? bar.querySelector("title").textContent.replace(/, from \S+ for \S+$/, "") : "";
}

function show(variant, seconds) {
  const last = Number(variant.dataset.seconds);
  const counts = new Map();
  const below = [];
  for (const row of variant.querySelectorAll(".instances .lane, .services .lane")) {
    const bar = at(row, seconds, last);
    const place = row.querySelector(".at");
    place.textContent = said(bar);
    place.classList.toggle("bad", Boolean(bar) && (bar.dataset.kind === "below" || bar.classList.contains("l-stuck")));
    const line = row.querySelector(".playhead");
    const scale = row.querySelector("svg[viewBox]") ? 1000 / last : 100 / last;
    const x = seconds * scale + (scale * last === 100 ? "%" : "");
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    if (bar && row.parentElement.classList.contains("instances")) {
      const words = said(bar).split(":")[0];
      counts.set(words, (counts.get(words) || 0) + 1);
    } else if (bar && bar.dataset.kind === "below") {
      below.push(row.querySelector(".name strong").textContent);
    }
  }
  const instant = new Date(Date.parse(variant.dataset.began) + seconds * 1000).toISOString().replace(".000", "");
  const instances = [...counts].map(([words, count]) => count + " " + words).join(", ");
  const services = below.length ? "Below its minimum: " + below.join(", ") : "No service is below its minimum";
  const slider = variant.querySelector("input[type=range]");
  slider.setAttribute("aria-valuetext", spelled(seconds) + " after the beginning");
  variant.querySelector(".instant").textContent = spelled(seconds) + " (" + instant + "): " + instances + ". " + services + ".";
}

for (const variant of document.querySelectorAll(".rehearsed")) {
  const slider = variant.querySelector("input[type=range]");
  const moments = slider.dataset.moments.split(" ").map(Number);
  slider.step = Math.max(1, Math.round(slider.max / 500));
  slider.addEventListener("input", () => show(variant, Number(slider.value)));
  for (const button of variant.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => {
      const now = Number(slider.dataset.exact ?? slider.value);
      const next = button.dataset.step > 0 ? moments.find((each) => each > now) : moments.findLast((each) => each < now);
      if (next === undefined) return;
      slider.value = next;
      slider.dataset.exact = next;
      show(variant, next);
    });
  }
  slider.addEventListener("input", () => delete slider.dataset.exact);
  variant.querySelector(".slider").hidden = false;
  show(variant, 0);
}
