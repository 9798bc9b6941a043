// What a page that everybody can read has to be like. Gives a list of complaints;
// an empty one is what is wanted. Evaluated in the page by the test.
(() => {
  const out = [];
  const say = (what, e) => out.push(what + (e ? ": " + (e.outerHTML || e.textContent || "").slice(0, 160) : ""));
  const name = (e) => (e.getAttribute("aria-label") || e.textContent || "").trim();

  // Language, title, landmarks.
  if (!document.documentElement.lang) say("the page has no language");
  if (!document.title.trim()) say("the page has no title");
  for (const tag of ["header", "main", "footer"]) {
    if (document.querySelectorAll("body > " + tag).length !== 1) say("not exactly one <" + tag + ">");
  }
  const skip = document.querySelector("body > a[href='#main']");
  if (!skip || !document.getElementById("main")) say("no way to skip to the content");

  // Headings go down one step at a time, from one h1.
  let before = 0;
  for (const h of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Number(h.tagName[1]);
    if (level > before + 1) say("a heading after h" + before, h);
    if (!name(h)) say("an empty heading", h);
    before = level;
  }
  if (document.querySelectorAll("h1").length !== 1) say(document.querySelectorAll("h1").length + " h1");

  // Names and ids.
  const ids = new Set();
  for (const e of document.querySelectorAll("[id]")) {
    if (ids.has(e.id)) say("an id twice", e);
    ids.add(e.id);
  }
  for (const e of document.querySelectorAll("[aria-labelledby]")) {
    if (!document.getElementById(e.getAttribute("aria-labelledby"))) say("a label that is not there", e);
  }
  for (const e of document.querySelectorAll("a[href^='#']")) {
    if (!document.getElementById(e.getAttribute("href").slice(1))) say("a link to nowhere", e);
  }
  for (const e of document.querySelectorAll("a, button, summary")) if (!name(e)) say("no name", e);
  for (const e of document.querySelectorAll("details")) {
    if (!e.firstElementChild || e.firstElementChild.tagName !== "SUMMARY") say("no summary first", e);
  }
  for (const e of document.querySelectorAll("svg")) if (e.getAttribute("aria-hidden") !== "true" && !name(e)) say("a picture without words", e);
  for (const e of document.querySelectorAll("table")) {
    if (!e.querySelector("caption") && !e.querySelector("thead")) say("a table without caption or head", e);
  }
  for (const e of document.querySelectorAll("th")) if (!e.getAttribute("scope")) say("a header cell without scope", e);
  for (const e of document.querySelectorAll("ul > *, ol > *")) if (e.tagName !== "LI") say("not an item", e);
  for (const e of document.querySelectorAll("pre")) if (e.tabIndex !== 0) say("a box that the keyboard cannot reach", e);
  for (const e of document.querySelectorAll("progress")) if (!e.getAttribute("aria-label")) say("no label", e);

  // Contrast, computed (WCAG 2.2, 1.4.3).
  const parse = (c) => {
    const m = c.match(/[\d.]+/g).map(Number);
    return { r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1 };
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1,
  });
  const behind = (e) => {
    const layers = [];
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      layers.push(c);
      if (c.a === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 });
  };
  const light = (c) => {
    const f = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * f(c.r) + 0.7152 * f(c.g) + 0.0722 * f(c.b);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const e = n.parentElement;
    if (!n.textContent.trim() || e.closest("script, style, svg") || !e.checkVisibility()) continue;
    texts++;
    const style = getComputedStyle(e), under = behind(e);
    const a = light(over(parse(style.color), under)), b = light(under);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) say("contrast " + ratio.toFixed(2), e);
  }
  if (texts < 10) say("only " + texts + " texts were looked at");
  return out;
})()
