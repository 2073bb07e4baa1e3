// @ts-check
// A press counts once; fingers never leave the page by a menu, a drag or a pinch.
for (const kind of ["contextmenu", "dragstart", "gesturestart"]) addEventListener(kind, event => event.preventDefault());
addEventListener("wheel", event => event.ctrlKey && event.preventDefault(), { passive: false });

/** Whether it was sent already; it can be again after a while. */
function sentBefore(one, forget) {
  if (one.dataset.sent) return true;
  one.dataset.sent = "1";
  setTimeout(() => delete one.dataset.sent, forget);
  return false;
}

addEventListener("submit", event => { if (sentBefore(event.target, 8000)) event.preventDefault(); });
addEventListener("click", event => {
  const link = (/** @type {Element} */ (event.target)).closest("a");
  if (link && sentBefore(link, 3000)) event.preventDefault();
}, true);
