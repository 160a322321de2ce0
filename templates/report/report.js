"use strict";
// Details are text until they are asked for, so that a page with thousands of rules opens at once.
const table = document.getElementById("rules");
const bodies = [...table.tBodies];
const search = document.getElementById("search");
const target = document.getElementById("target");
const grade = document.getElementById("grade");
const details = new Map();

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const body of bodies) {
    const grades = body.dataset.grades.split(" ").filter((one) => {
      const [name, value] = one.split("=");
      return (!target.value || name === target.value) && (!grade.value || value === grade.value);
    });
    const fits = words.every((word) => body.dataset.search.includes(word));
    body.hidden = !(fits && (grades.length || !(target.value || grade.value)));
    shown += !body.hidden;
  }
  document.getElementById("count").textContent = `${shown} of ${bodies.length}`;
}

function toggle(body) {
  const [row, detail] = body.rows;
  if (!detail.cells[0].firstChild) {
    detail.cells[0].innerHTML = details.get(body);
  }
  detail.hidden = !detail.hidden;
  row.querySelector("button").setAttribute("aria-expanded", String(!detail.hidden));
}

function sortBy(column) {
  const descending = table.dataset.sortedBy === String(column);
  table.dataset.sortedBy = descending ? "" : String(column);
  const key = (body) => body.rows[0].cells[column];
  const compare = (a, b) =>
    (Number(key(b).dataset.rank ?? 0) - Number(key(a).dataset.rank ?? 0)) ||
    key(a).textContent.localeCompare(key(b).textContent);
  const sorted = [...bodies].sort(compare);
  table.append(...(descending ? sorted.reverse() : sorted));
}

// Marks the innermost of the parts that an area has.
function markIn(area, parts) {
  for (const part of parts) {
    const found = [...area.querySelectorAll(`[data-parts~="${part}"]`)];
    for (const one of found) one.classList.add("marked");
    if (found.length) return found[0];
  }
  return null;
}

// What is under the pointer, marked in the query and in every translation that has it. Translations
// may group otherwise: what shares no part with this one is found by way of the query.
function mark(event) {
  const detail = event.target.closest("tr.detail");
  if (!detail) return;
  for (const one of detail.querySelectorAll(".marked")) one.classList.remove("marked");
  const under = event.type === "mouseout" ? null : event.target.closest("[data-parts]");
  if (!under) return;
  const partsOf = (one) => (one ? one.dataset.parts.split(" ").reverse() : []);
  const wanted = partsOf(under);
  const inQuery = partsOf(markIn(detail.querySelector(".source pre"), wanted));
  for (const area of detail.querySelectorAll(".target > pre")) {
    markIn(area, wanted) ?? markIn(area, inQuery);
  }
}

for (const script of document.querySelectorAll('#rules script[type="text/plain"]')) {
  details.set(script.previousElementSibling, script.textContent);
  script.remove();
}
for (const control of [search, target, grade]) control.addEventListener("input", filter);
table.addEventListener("click", (event) => {
  const header = event.target.closest("[data-sort]");
  if (header && header.tagName === "BUTTON") sortBy(Number(header.dataset.sort));
  const row = event.target.closest("tr.rule");
  if (row) toggle(row.parentElement);
});
table.addEventListener("mouseover", mark);
table.addEventListener("mouseout", mark);
filter();
if (bodies.length === 1) toggle(bodies[0]);
