// One change of the page, and its undoing. Called as a function body with (kind, number in 0..1, second, word, colour).
const [kind, pick, second, word, colour] = arguments;
const W = innerWidth, H = innerHeight;
const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; };
const inside = e => { const [x, y, w, h] = box(e); return w >= 12 && h >= 8 && x >= 0 && y >= 0 && x + w <= W && y + h <= H && w * h < W * H / 3; };
const shown = e => {
  if (!inside(e) || !e.checkVisibility({opacityProperty: true, visibilityProperty: true})) return false;
  const [x, y, w, h] = box(e), hit = document.elementFromPoint(x + w / 2, y + h / 2);
  return hit && (e.contains(hit) || hit.contains(e));
};
const plain = e => e.childElementCount === 0 && e.textContent.trim().length > 1 && e.textContent.trim().length < 60;
const all = [...document.body.querySelectorAll('*')].filter(shown);
const texts = all.filter(plain);
const solid = e => getComputedStyle(e).backgroundColor !== 'rgba(0, 0, 0, 0)';
const wanted = {
  text: texts.filter(e => !/\d/.test(e.textContent)), number: texts.filter(e => /\d/.test(e.textContent)),
  text_color: texts, font_size: texts, font_weight: texts, background: all.filter(e => solid(e) || e.tagName === 'BUTTON'),
  removed: texts.concat(all.filter(e => e.tagName === 'IMG')), opacity: texts, moved: texts,
  image_missing: all.filter(e => e.tagName === 'IMG'), border: all.filter(e => e.tagName === 'BUTTON' || solid(e)),
}[kind] || [];
if (!wanted.length) return null;
const e = wanted[Math.floor(pick * wanted.length)];
const role = e.tagName === 'IMG' ? 'picture' : e.closest('button, .btn') ? 'button' : e.closest('th') ? 'column title'
  : e.closest('td') ? 'table cell' : e.closest('h1,h2,h3,h4,h5,h6') ? 'heading' : e.closest('a') ? 'link' : e.closest('label') ? 'label' : plain(e) ? 'text' : 'box';
const was = {style: e.getAttribute('style'), html: e.innerHTML};
const before = box(e), old = getComputedStyle(e);
const out = {role, name: plain(e) ? e.textContent.trim().replace(/\s+/g, ' ') : (e.getAttribute('alt') || ''), before, old: '', new: ''};
e.style.setProperty('transition', 'none', 'important');
const set = (p, v) => e.style.setProperty(p, v, 'important');
if (kind === 'text') { out.old = out.name; out.new = word; e.textContent = word; }
if (kind === 'number') {
  const found = e.textContent.match(/\d+/)[0];
  let value = String(Math.floor(Number('1' + '0'.repeat(found.length - 1)) * (1 + 8.9 * second)));
  if (value === found) value = String(Number(found) + 1);
  out.old = found; out.new = value; e.textContent = e.textContent.replace(found, value);
}
if (kind === 'text_color') { out.old = old.color; out.new = colour; set('color', colour); }
if (kind === 'background') { out.old = old.backgroundColor; out.new = colour; set('background', colour); }
if (kind === 'font_size') { const f = second < 0.5 ? 0.65 : 1.4; out.new = f > 1 ? 'larger' : 'smaller'; set('font-size', parseFloat(old.fontSize) * f + 'px'); }
if (kind === 'font_weight') { const bold = Number(old.fontWeight) < 600; out.new = bold ? 'bold' : 'regular'; set('font-weight', bold ? '800' : '300'); }
if (kind === 'removed' || kind === 'image_missing') set('visibility', 'hidden');
if (kind === 'opacity') { out.new = 'fainter'; set('opacity', '0.35'); }
if (kind === 'moved') { out.new = second < 0.5 ? 'left' : 'right'; set('position', 'relative'); set('left', (second < 0.5 ? -1 : 1) * (12 + 30 * Math.abs(second - 0.5)) + 'px'); }
if (kind === 'border') { out.new = colour; set('border', '3px solid ' + colour); }
out.after = kind === 'removed' || kind === 'image_missing' ? null : box(e);
window.__undo = () => { e.innerHTML = was.html; was.style === null ? e.removeAttribute('style') : e.setAttribute('style', was.style); };
return out;
