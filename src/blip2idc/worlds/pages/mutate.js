// The kinds of change: which elements they fit, and what they do. Extends window.__pages.
if (!window.__pages.change) {
const P = window.__pages, undo = [];
const keep = e => {
  const parent = e.parentNode, next = e.nextSibling, names = ['style', 'class', 'src', 'srcset', 'disabled'];
  const was = names.map(n => e.getAttribute(n)), checked = e.checked, html = e.childElementCount ? null : e.textContent;
  undo.push(() => {
    names.forEach((n, i) => was[i] === null ? e.removeAttribute(n) : e.getAttribute(n) === was[i] || e.setAttribute(n, was[i]));
    if (e.checked !== checked) e.checked = checked;
    if (html !== null && e.textContent !== html) e.textContent = html;
    if (e.parentNode !== parent || e.nextSibling !== next) parent.insertBefore(e, next);
  });
};
const set = (e, properties) => { for (const [p, v] of Object.entries(properties)) e.style.setProperty(p, v, 'important'); };
const insert = (e, parent, before) => { parent.insertBefore(e, before); undo.push(() => e.remove()); };
const style = e => getComputedStyle(e);
const scale = (r, low, high) => low + r * (high - low);
const either = (r, ...all) => all[Math.min(all.length - 1, Math.floor(r * all.length))];
const overlaps = (a, b) => Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]) > 4 && Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]) > 4;
const digits = (text, r) => {
  let state = Math.floor(r * 1e9) + 1;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647; // the minimal standard generator
  const made = text.replace(/\d/g, (d, at) => String(at === 0 && text.length > 1 ? 1 + Math.floor(9 * next()) : Math.floor(10 * next())));
  return made === text ? text.replace(/\d/, d => String((Number(d) + 1) % 9 + 1)) : made;
};
const day = (found, r) => { // another day or year of a date, so that it stays one
  if (/^(19|20)\d\d$/.test(found)) { const made = found.slice(0, 2) + digits(found.slice(2), r); return made; }
  return found.replace(/\d+/, d => { const n = 1 + Math.floor(28 * r); return String(n === Number(d) ? n + 1 : n); });
};
const NUMBER = /\d+(?:[.,]\d+)*/;
const numeric = e => P.plain(e) && P.text(e).length < 60 && NUMBER.test(P.text(e)) && !/\d:\d/.test(P.text(e));
const texts = e => P.plain(e), movable = e => P.short(e) || e.tagName === 'IMG' || P.button(e) || P.field(e);
const still = e => !P.button(e) && !P.field(e) && !e.closest('a, button');
const textual = e => texts(e) && style(e).visibility !== 'hidden';
const noun = s => /[$€£¥]|\b(EUR|USD|GBP|CHF)\b/.test(s) ? 'price' : /%/.test(s) ? 'percentage' : /\b(\d{1,2}[\/.-]\d{1,2}[\/.-]\d{2,4}|\d{4}-\d\d-\d\d)\b/.test(s) || /\b(19|20)\d\d\b/.test(s) ? 'date' : 'number';
const SIMPLE = e => e.matches('li, .nav-item, tr, .card, .x_panel, .small-box, .info-box, .col, [class*=col-], article, a, button, .btn, td, th, label');
const partner = e => { const n = e.nextElementSibling; return n && n.tagName === e.tagName && SIMPLE(e) && P.text(n) && P.text(n) !== P.text(e) && P.shown(n) ? n : null; };
const written = e => { // the letters of an element, and their lines
  const range = document.createRange(); range.selectNodeContents(e);
  const {left, top, width, height} = range.getBoundingClientRect();
  return {box: [left, top, width, height], lines: new Set([...range.getClientRects()].map(r => Math.round(r.top))).size};
};
const framed = e => { // whether people see where it ends at its sides
  const s = style(e), painted = c => !/, 0\)$/.test(c) && c !== 'transparent', edge = side => parseFloat(s[`border${side}Width`]) > 0 && painted(s[`border${side}Color`]);
  return s.backgroundImage !== 'none' || s.boxShadow !== 'none' || P.solid(e) && s.backgroundColor !== P.behind(e.parentElement) || edge('Left') && edge('Right');
};
const runsOut = (e, was) => { // whether people see that a text which stays in one line has too little room
  const now = written(e), [x, y, w] = now.box;
  if (was.lines > 1 && now.lines === 1 || x < 0 || x + w > innerWidth) return true;
  let box = e; while (box && box !== document.body && !framed(box)) box = box.parentElement;
  if (box && box !== document.body && (x < P.box(box)[0] - 1 || x + w > P.box(box)[0] + P.box(box)[2] + 1)) return true;
  return P.seen().some(o => o !== e && P.plain(o) && !overlaps(written(o).box, was.box) && overlaps(written(o).box, now.box));
};
const toggles = e => e.matches('input[type=checkbox], input[type=radio]');
const SCENE = (r, s) => { const h = Math.floor(360 * r), g = Math.floor(360 * s); return 'data:image/svg+xml,' + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 80" preserveAspectRatio="none"><rect width="120" height="80" fill="hsl(${h},60%,75%)"/><circle cx="${20 + 80 * s}" cy="${15 + 20 * r}" r="9" fill="hsl(${g},90%,65%)"/><path d="M0 60L${30 + 20 * r} ${20 + 20 * s}L70 62L95 ${30 + 20 * r}L120 58V80H0Z" fill="hsl(${(h + 120) % 360},35%,35%)"/></svg>`); };
const panel = (html, css) => { const e = document.createElement('div'); e.innerHTML = html; e.style.cssText = 'all:initial;box-sizing:border-box;font:14px sans-serif;z-index:99999;' + css; return e; };
const plate = dark => dark ? 'background:#23272b;color:#eee;' : 'background:#fff;color:#222;';

const KINDS = P.kinds = {
  text: {fits: e => textual(e) && P.text(e).length < 60 && !/\d/.test(P.text(e)), do: (e, a) => {
    const words = P.text(e).split(' '), part = words.length > 2 && a.r[2] < 0.5, at = Math.floor(a.r[3] * words.length);
    const made = part ? words.map((w, i) => i === at ? a.word.split(' ')[0].toLowerCase() : w).join(' ') : a.word;
    const long = words.join(' ').length > 40;
    const told = long && part ? {old: words[at], new: a.word.split(' ')[0].toLowerCase()} : {old: long ? '' : words.join(' '), new: made.length > 40 ? '' : made};
    e.textContent = made; return told; }},
  number: {fits: numeric, do: (e, a) => {
    const all = P.text(e), found = all.match(NUMBER)[0], kind = noun(all), made = kind === 'date' ? day(found, a.r[2]) : digits(found, a.r[2]);
    if (made === found) return null;
    const rest = all.replace(found, '').replace(/\b(EUR|USD|GBP|CHF)\b|[$€£¥%©+#]/g, '').replace(/^[\s:(),.;-]+|[\s:(),.;-]+$/g, '');
    e.textContent = all.replace(found, made);
    return {old: found, new: made, noun: kind, name: rest.length > 2 && rest.length < 30 ? rest : ''}; }},
  text_color: {fits: e => textual(e) && parseFloat(style(e).fontSize) >= 11, do: (e, a) => { const old = style(e).color, behind = P.behind(e); set(e, {color: a.color}); return {old, new: a.color, behind}; }},
  background: {fits: e => (P.solid(e) || P.button(e)) && e !== document.body, do: (e, a) => { const s = style(e), old = s.backgroundImage === 'none' && P.solid(e) ? s.backgroundColor : ''; set(e, {background: a.color, 'border-color': a.color}); return {old, new: a.color}; }},
  font_size: {fits: textual, do: (e, a) => { const f = a.r[2] < 0.5 ? scale(a.r[3], 0.6, 0.82) : scale(a.r[3], 1.2, 1.6); set(e, {'font-size': parseFloat(style(e).fontSize) * f + 'px'}); return {old: f > 1 ? 'smaller' : 'larger', new: f > 1 ? 'larger' : 'smaller'}; }},
  font_weight: {fits: textual, do: e => { const bold = Number(style(e).fontWeight) < 600; set(e, {'font-weight': bold ? '800' : '400'}); return {old: bold ? 'regular' : 'bold', new: bold ? 'bold' : 'regular'}; }},
  text_style: {fits: textual, do: (e, a) => { const s = style(e), way = either(a.r[2], 'italic', 'underlined', 'crossed out', 'in capitals');
    if (way === 'italic' ? s.fontStyle === 'italic' : way === 'in capitals' ? P.text(e) === P.text(e).toUpperCase() || s.textTransform === 'uppercase' : s.textDecorationLine !== 'none') return null;
    set(e, way === 'italic' ? {'font-style': 'italic'} : way === 'in capitals' ? {'text-transform': 'uppercase'} : {'text-decoration': way === 'underlined' ? 'underline' : 'line-through'}); return {old: '', new: way}; }},
  removed: {fits: e => P.short(e) || P.button(e) || P.field(e) || e.matches('li, .card, .x_panel, .badge, tr, svg, i, .alert, hr, canvas, .small-box, .info-box, p'), do: (e, a) => {
    const gap = a.r[2] < 0.6 || e.matches('td, th'); set(e, gap ? {visibility: 'hidden'} : {display: 'none'}); if (gap) for (const c of e.querySelectorAll('*')) if (style(c).visibility === 'visible') { keep(c); set(c, {visibility: 'hidden'}); }
    return {old: '', new: '', gone: true, mode: gap ? 'gap' : 'closed'}; }},
  added: {fits: e => SIMPLE(e) && P.text(e).length > 1 && P.text(e).length < 160 && !e.matches('td, th') || P.button(e) || P.short(e) && e.matches('p, h1, h2, h3, h4, h5, h6, .badge'), do: (e, a) => {
    const made = e.cloneNode(true); made.removeAttribute('id');
    const leaf = [made, ...made.querySelectorAll('*')].find(n => P.plain(n)); if (leaf) leaf.textContent = a.word; else if (made.childElementCount) return null; else made.value = a.word;
    insert(made, e.parentNode, e.nextSibling); return {old: '', new: '', born: made}; }},
  moved: {fits: movable, do: (e, a) => {
    const way = either(a.r[2], 'left', 'right', 'up', 'down'), far = scale(a.r[3], 8, 44), was = P.box(e), sign = way === 'left' || way === 'up' ? -1 : 1;
    const dx = way === 'left' || way === 'right' ? sign * far : 0, dy = dx ? 0 : sign * far;
    const now = [was[0] + dx, was[1] + dy, was[2], was[3]];
    if (P.seen().some(o => o !== e && !o.contains(e) && !e.contains(o) && (P.plain(o) || movable(o)) && !overlaps(P.box(o), was) && overlaps(P.box(o), now))) return null;
    set(e, {position: 'relative', left: dx + 'px', top: dy + 'px'}); if (style(e).display === 'inline') set(e, {display: 'inline-block'});
    return {old: {left: 'right', right: 'left', up: 'down', down: 'up'}[way], new: way}; }},
  swapped: {fits: e => !!partner(e), do: e => { const n = partner(e), told = {other: P.name(n), both: [e, n], old: '', new: ''}; keep(n); e.parentNode.insertBefore(n, e); return told; }},
  resized: {fits: e => e.matches('img, svg, canvas, progress') || P.button(e) || P.field(e) || P.role(e) === 'icon', do: (e, a) => {
    const f = a.r[2] < 0.5 ? scale(a.r[3], 0.55, 0.82) : scale(a.r[3], 1.2, 1.6); set(e, {zoom: String(f)}); return {old: f > 1 ? 'smaller' : 'larger', new: f > 1 ? 'larger' : 'smaller'}; }},
  image_replaced: {fits: e => e.tagName === 'IMG' && P.box(e)[2] >= 24, do: async (e, a) => {
    const others = [...document.images].filter(i => i !== e && i.src !== e.src && i.naturalWidth > 20), [x, y, w, h] = P.box(e);
    const src = others.length && a.r[2] < 0.7 ? others[Math.floor(a.r[3] * others.length)].src : SCENE(a.r[4], a.r[5]);
    set(e, {width: w + 'px', height: h + 'px', 'object-fit': 'cover'}); e.removeAttribute('srcset'); e.src = src; await e.decode(); return {old: '', new: ''}; }},
  image_missing: {fits: e => e.tagName === 'IMG' && P.box(e)[2] >= 16, do: async (e, a) => {
    if (a.r[2] < 0.5) { set(e, {visibility: 'hidden'}); return {old: '', new: '', gone: true, mode: 'gap'}; }
    const [x, y, w, h] = P.box(e); set(e, {width: w + 'px', height: h + 'px', display: style(e).display === 'inline' ? 'inline-block' : style(e).display}); e.removeAttribute('srcset'); e.src = 'data:image/png,'; await e.decode().catch(() => 0); return {old: '', new: '', mode: 'broken'}; }},
  opacity: {fits: e => still(e) && (P.plain(e) || e.tagName === 'IMG' || e.matches('svg, canvas') || P.card(e)) && Number(style(e).opacity) > 0.9, do: (e, a) => { set(e, {opacity: String(scale(a.r[2], 0.2, 0.5))}); return {old: '', new: ''}; }},
  border: {fits: e => still(e) && (P.solid(e) || e.tagName === 'IMG' || P.card(e)), do: (e, a) => { const w = either(a.r[2], 2, 3, 5), dashed = a.r[3] < 0.25; set(e, {outline: `${w}px ${dashed ? 'dashed' : 'solid'} ${a.color}`, 'outline-offset': `-${w}px`}); return {old: '', new: a.color, behind: P.behind(e)}; }},
  rounded: {fits: e => (P.solid(e) || e.tagName === 'IMG' || P.field(e)) && Math.min(P.box(e)[2], P.box(e)[3]) > 20, do: (e, a) => { const round = parseFloat(style(e).borderTopLeftRadius) < 5; set(e, {'border-radius': round ? either(a.r[2], '14px', '20px', '50px') : '0'}); if (round) set(e, {overflow: 'hidden'}); return {old: round ? 'square' : 'round', new: round ? 'round' : 'square'}; }},
  shadow: {fits: e => (P.solid(e) || e.tagName === 'IMG' || P.card(e)) && style(e).boxShadow === 'none' && P.box(e)[3] > 20, do: (e, a) => { set(e, {'box-shadow': `0 ${scale(a.r[2], 3, 10)}px ${scale(a.r[3], 8, 24)}px rgba(0,0,0,${scale(a.r[4], 0.35, 0.6)})`}); return {old: '', new: ''}; }},
  spacing: {fits: textual, do: (e, a) => {
    const way = P.text(e).length > 60 && a.r[2] < 0.6 ? 'lines' : 'letters', s = style(e);
    if (way === 'letters') set(e, {'letter-spacing': scale(a.r[3], 1.5, 4) + 'px'}); else set(e, {'line-height': parseFloat(s.fontSize) * scale(a.r[3], 2, 2.6) + 'px'});
    return {old: 'closer together', new: 'further apart', mode: way}; }},
  gap: {fits: e => (P.plain(e) || P.card(e) || e.matches('p, ul, table, form, section, .row, .alert')) && /^(block|flex|table)$/.test(style(e).display) && e.nextElementSibling && P.visible(e.nextElementSibling), do: (e, a) => {
    const more = scale(a.r[2], 14, 44), b = P.box(e); set(e, {'margin-bottom': parseFloat(style(e).marginBottom) + more + 'px'});
    return {old: 'smaller', new: 'larger', boxes: [[b[0], b[1], b[2], b[3] + more], [b[0], b[1], b[2], b[3] + 2 * more]]}; }},
  alignment: {fits: e => textual(e) && /^(block|table-cell|list-item|flow-root)$/.test(style(e).display), do: (e, a) => {
    const css = style(e).textAlign, old = /center/.test(css) ? 'centered' : /right|end/.test(css) ? 'right-aligned' : 'left-aligned';
    const made = either(a.r[2], ...['left-aligned', 'centered', 'right-aligned'].filter(w => w !== old)); set(e, {'text-align': {'left-aligned': 'left', centered: 'center', 'right-aligned': 'right'}[made]}); return {old, new: made}; }},
  checked: {fits: toggles, do: e => { const on = !e.checked; e.checked = on; return {old: '', new: '', mode: on ? 'on' : 'off'}; }},
  disabled: {fits: e => (P.button(e) || P.field(e)) && !e.disabled, do: e => { e.setAttribute('disabled', ''); set(e, {background: '#dcdfe3', color: '#8d949c', 'border-color': '#c9ced3', 'box-shadow': 'none', 'pointer-events': 'none'}); for (const c of e.querySelectorAll('*')) { keep(c); set(c, {color: '#8d949c'}); } return {old: '', new: ''}; }},
  focus: {fits: e => P.button(e) || P.field(e) || e.matches('a'), do: (e, a) => { set(e, a.r[2] < 0.5 ? {outline: '2px solid #1a5fd0', 'outline-offset': '2px'} : {'box-shadow': '0 0 0 4px rgba(60,130,255,0.55)'}); return {old: '', new: ''}; }},
  menu: {fits: e => (P.button(e) || P.role(e) === 'menu item' || e.tagName === 'SELECT') && P.box(e)[1] < innerHeight * 0.7, do: (e, a) => {
    const [x, y, w, h] = P.box(e), width = Math.min(innerWidth - 16, scale(a.r[2], 140, 230)), n = 3 + Math.floor(a.r[3] * 4), dark = a.r[4] < 0.2;
    const made = panel(a.words.slice(0, n).map(t => `<div style="padding:8px 16px">${t}</div>`).join(''), plate(dark) + `position:fixed;left:${Math.max(4, Math.min(x, innerWidth - width - 8))}px;top:${y + h + 4}px;width:${width}px;border:1px solid #aaa;border-radius:4px;padding:6px 0;box-shadow:0 6px 14px rgba(0,0,0,.3);`);
    insert(made, document.body, null); return {old: '', new: '', born: made, keeps: true}; }},
};
const WHOLE = {
  theme: a => {
    const [r, g, b] = (P.behind(document.elementFromPoint(innerWidth / 2, innerHeight / 2) || document.body).match(/[\d.]+/g) || [255, 255, 255]).map(Number), dark = 0.3 * r + 0.6 * g + 0.1 * b > 128;
    const rule = document.createElement('style'); rule.textContent = 'html{background:#fff;filter:invert(0.92) hue-rotate(180deg)!important}img,video,canvas{filter:invert(1) hue-rotate(180deg)!important}';
    insert(rule, document.head, null); return {old: dark ? 'light' : 'dark', new: dark ? 'dark' : 'light'}; },
  language: a => { let n = 0; for (const e of P.seen()) if (P.short(e) && /[a-z]{2}/i.test(P.text(e))) { keep(e); e.textContent = a.phrases[(n++ + Math.floor(a.r[2] * a.phrases.length)) % a.phrases.length]; } return n < 4 ? null : {old: 'another language', new: a.language}; },
  style_missing: () => { const all = [...document.styleSheets].filter(s => !s.disabled && !(s.ownerNode && s.ownerNode.id === '__still')); all.forEach(s => { s.disabled = true; }); undo.push(() => all.forEach(s => { s.disabled = false; })); return all.length ? {old: '', new: ''} : null; },
  dialog: a => {
    const dark = a.r[2] < 0.2, width = Math.min(innerWidth - 24, scale(a.r[3], 280, 480)), shade = panel('', 'position:fixed;inset:0;background:rgba(0,0,0,.5);');
    const made = panel(`<div style="font-size:19px;margin-bottom:12px">${a.word}</div><div style="opacity:.8;line-height:1.5">${a.sentence}</div><div style="text-align:right;margin-top:20px"><span style="padding:7px 14px">${a.words[0]}</span><span style="padding:7px 14px;background:${a.color};color:#fff;border-radius:4px">OK</span></div>`, plate(dark) + `position:fixed;left:50%;top:${Math.floor(scale(a.r[4], 18, 45))}%;transform:translate(-50%,-20%);width:${width}px;padding:22px;border-radius:${either(a.r[5], 0, 6, 14)}px;box-shadow:0 12px 40px rgba(0,0,0,.5);`);
    if (a.r[6] < 0.8) insert(shade, document.body, null); insert(made, document.body, null); return {name: a.word, old: '', new: '', born: made}; },
  cookie_banner: a => {
    const dark = a.r[2] < 0.5, top = a.r[3] < 0.15, made = panel(`<span style="flex:1 1 200px;line-height:1.4">${either(a.r[4], 'We use cookies to improve your experience.', 'This site uses cookies.', 'We value your privacy. Please choose which cookies you allow.')}</span><span style="padding:8px 16px;background:${a.color};color:#fff;border-radius:4px">Accept</span><span style="padding:8px 12px">${either(a.r[5], 'Decline', 'Settings', 'Reject all')}</span>`, plate(dark) + `position:fixed;left:0;right:0;${top ? 'top' : 'bottom'}:0;display:flex;flex-wrap:wrap;gap:12px;align-items:center;padding:16px 20px;box-shadow:0 0 14px rgba(0,0,0,.35);`);
    insert(made, document.body, null); return {old: '', new: '', born: made, mode: top ? 'top' : 'bottom'}; },
};
Object.assign(KINDS, {
  overflow: {fits: e => textual(e) && P.text(e).length > 14 && /^(block|inline-block|table-cell|flex|list-item)$/.test(style(e).display), do: (e, a) => {
    const w = P.box(e)[2], was = written(e); set(e, {'white-space': 'nowrap', overflow: 'visible', width: Math.min(w, scale(a.r[2], 0.4, 0.9) * w) + 'px', 'font-size': parseFloat(style(e).fontSize) * 1.1 + 'px'});
    if (e.scrollWidth < P.box(e)[2] * 1.15 || !runsOut(e, was)) return null; return {old: '', new: '', span: e.scrollWidth}; }},
  overlap: {fits: movable, do: (e, a) => {
    const was = P.box(e), near = P.seen().filter(o => o !== e && P.plain(o) && !o.contains(e) && !e.contains(o) && !overlaps(P.box(o), was)).map(o => [Math.hypot(P.box(o)[0] - was[0], P.box(o)[1] - was[1]), o]).filter(([d]) => d < 160).sort((p, q) => p[0] - q[0]);
    if (!near.length) return null; const o = near[0][1], b = P.box(o), share = scale(a.r[2], 0.3, 0.7);
    set(e, {position: 'relative', left: (b[0] - was[0]) * 0.9 + b[2] * share * 0.3 + 'px', top: (b[1] - was[1]) + b[3] * share * 0.5 + 'px', 'z-index': '5'}); if (style(e).display === 'inline') set(e, {display: 'inline-block'});
    return overlaps(P.box(o), P.box(e)) ? {old: '', new: '', other: P.name(o) || P.role(o)} : null; }},
});
P.all = () => P.known || (P.known = [...document.body.querySelectorAll('*')].filter(e => { const r = e.getBoundingClientRect(); return r.width >= 8 && r.height >= 8 && r.width * r.height < innerWidth * innerHeight && P.visible(e); }));
P.seen = () => P.all().filter(P.shown);
// Chooses an element for a kind, anywhere in the page, and scrolls to it. Without one: null.
P.choose = (kind, r, stay) => {
  P.chosen = null;
  if (WHOLE[kind]) { if (!stay) scrollTo(0, r[0] * Math.max(0, document.documentElement.scrollHeight - innerHeight)); P.chosen = document.body; return true; }
  const fit = P.all().filter(e => !P.taken.includes(e) && KINDS[kind].fits(e));
  for (let turn = 0; turn < 6 && fit.length; turn++) {
    const [e] = fit.splice(Math.floor((r[0] * 7919 + turn * 0.37) % 1 * fit.length), 1), [, y, , h] = P.box(e);
    if (!stay) scrollTo(0, scrollY + y + h / 2 - innerHeight * (0.15 + 0.7 * r[1]));
    if (P.shown(e) && KINDS[kind].fits(e)) { P.chosen = e; return true; }
  }
  return false;
};
P.taken = [];
// Makes the change in the chosen element; told what a caption needs, or null where it cannot be made.
P.change = async (kind, a) => {
  const e = P.chosen, window_ = [0, 0, innerWidth, innerHeight];
  if (WHOLE[kind]) {
    const told = WHOLE[kind](a); if (!told) return null;
    const after = told.born ? P.box(told.born) : window_, before = told.born ? null : window_; delete told.born;
    return {role: 'page', name: '', beginning: '', where: '', ...told, before, after};
  }
  const spot = toggles(e) && e.closest('label') ? e.closest('label') : e, before = P.box(spot), described = P.describe(e);
  keep(e); e.style.setProperty('transition', 'none', 'important');
  const told = await KINDS[kind].do(e, a); if (!told) return null;
  const made = {...described, ...told, before, after: P.box(spot)};
  if (told.gone) made.after = null;
  if (told.span) made.after[2] = Math.min(told.span, innerWidth - made.after[0]);
  if (told.born) { made.before = null; made.after = P.box(told.born); if (!told.keeps) Object.assign(made, P.describe(told.born)); }
  if (told.both) { const [p, q] = told.both.map(P.box), x = Math.min(p[0], q[0]), y = Math.min(p[1], q[1]); made.before = made.after = [x, y, Math.max(p[0] + p[2], q[0] + q[2]) - x, Math.max(p[1] + p[3], q[1] + q[3]) - y]; }
  if (told.boxes) [made.before, made.after] = told.boxes;
  delete made.born; delete made.both; delete made.boxes; P.taken.push(e); return made;
};
P.undo = () => { while (undo.length) undo.pop()(); P.taken = []; };
}
