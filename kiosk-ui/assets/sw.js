// The line may break: services, offices and help are answered from what was fetched before. Only pages that concern
// nobody are kept. BUILD and ASSETS are put before this by the server.
const NAME = `pages-${BUILD}`;
// A search is not: its words are a visitor's.
const OPEN = /^\/kiosk(\/(km|en)\/(home|help|services(\?(for|of|about|in|tab)=[\w.-]+)?|service\/\d{4}|guide\/[\w-]+|kingdom|window|holidays|page\/[\w.-]+|offices(\/\d+)?|office\/[\w.-]+|offline))?$/;
// a page that is made up for one visitor (contrast, size) is nobody else's
const fit = answer => answer.ok && !answer.redirected && !answer.headers.get("x-look");
async function keep(cache, path) {
  const answer = await fetch(path, { headers: { "x-keep": "1" } });
  if (fit(answer)) { await cache.put(path, answer.clone()); return answer.text(); }
  return "";
}
async function all() {
  const cache = await caches.open(NAME), seen = new Set(["/kiosk"]);
  const since = await (await cache.match("/kept"))?.text();
  if (Date.now() - (since ?? 0) < 3600000) return;
  await cache.put("/kept", new Response(Date.now()));
  await Promise.allSettled(ASSETS.map(path => cache.add(path)));
  for (const tag of ["km", "en"]) for (const page of ["home", "help", "offline", "services", "offices"]) seen.add(`/kiosk/${tag}/${page}`);
  for (const path of seen) {
    if (seen.size > 400) break;
    const text = await keep(cache, path).catch(() => "");
    if (!text && path === "/kiosk") return cache.delete("/kept");
    for (const [, next] of text.matchAll(/href="([^"]+)"/g)) if (OPEN.test(next)) seen.add(next);
    await new Promise(go => setTimeout(go, 20));
  }
}
addEventListener("install", () => skipWaiting());
addEventListener("activate", e => e.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== NAME) await caches.delete(name);
  await clients.claim();
})()));
// Not while it activates: pages wait for that.
addEventListener("message", e => e.waitUntil(all()));
addEventListener("fetch", e => {
  const { pathname, search } = new URL(e.request.url);
  if (pathname.startsWith("/a/")) return e.respondWith(caches.match(pathname).then(kept => kept ?? fetch(e.request)));
  if (e.request.mode === "navigate" && pathname.startsWith("/kiosk")) e.respondWith(visit(e.request, pathname, pathname + search));
});
async function visit(request, pathname, whole) {
  try {
    const answer = await fetch(request, request.method === "GET" ? { signal: AbortSignal.timeout(6000) } : undefined);
    if (request.method === "GET" && fit(answer) && OPEN.test(whole)) (await caches.open(NAME)).put(whole, answer.clone());
    return answer;
  } catch {
    const tag = pathname.split("/")[2] === "en" ? "en" : "km";
    const kept = (request.method === "GET" && ((await caches.match(whole)) || (await caches.match(pathname)))) || (await caches.match(`/kiosk/${tag}/offline`));
    if (!kept) return new Response("", { status: 503, headers: { refresh: "5" } });
    const text = (await kept.text()).replace("<body", "<body data-offline");
    return new Response(text, { headers: kept.headers });
  }
}
