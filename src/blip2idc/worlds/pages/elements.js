// What can be seen of a page, and what a person would call it. Defines window.__pages.
if (!window.__pages) {
const P = window.__pages = {};
P.box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; };
P.inside = ([x, y, w, h]) => w >= 8 && h >= 8 && x >= 0 && y >= 0 && x + w <= innerWidth && y + h <= innerHeight && w * h < innerWidth * innerHeight / 2.5;
P.visible = e => e.checkVisibility({opacityProperty: true, visibilityProperty: true});
P.shown = e => {
  const [x, y, w, h] = P.box(e);
  if (!P.inside([x, y, w, h]) || !P.visible(e)) return false;
  const hit = document.elementFromPoint(x + w / 2, y + h / 2);
  return !!hit && (e.contains(hit) || hit.contains(e));
};
const squeeze = s => (s || '').trim().replace(/\s+/g, ' ');
P.text = e => squeeze(e.textContent);
// words for screen readers alone, of which no pixel shows
const unseen = e => { const s = getComputedStyle(e), [, , w, h] = P.box(e); return s.position === 'absolute' && s.overflow === 'hidden' && Math.min(w, h) <= 1; };
P.words = e => [...e.querySelectorAll('*')].filter(unseen).reduce((words, n) => squeeze(words.replace(squeeze(n.innerText), '')), squeeze(e.innerText)); // as people read it, with gaps between parts
P.plain = e => e.childElementCount === 0 && !/^(SCRIPT|STYLE|TITLE|OPTION|TEXTAREA)$/.test(e.tagName) && P.text(e).length > 1 && P.text(e).length < 200;
P.short = e => P.plain(e) && P.text(e).length <= 40;
P.button = e => e.matches('button, .btn, [role=button], input[type=submit], input[type=button], .uk-button');
const OPENS = 'button, .btn, [role=button], a', BARS = /(navbar|nav|menu|sidebar)-?toggle|\b(ham)?burger\b|fa-bars\b|bi-list\b/;
P.menuButton = e => { // three bars, which have a name for screen readers alone
  const b = e.closest(OPENS), marks = b ? [b, ...b.querySelectorAll('*')].map(n => n.getAttribute('class') || '').join(' ') : '';
  return BARS.test(marks.toLowerCase()) && !P.words(b);
};
P.field = e => e.matches('input:not([type=checkbox]):not([type=radio]):not([type=range]):not([type=submit]):not([type=button]):not([type=hidden]), textarea, select');
P.solid = e => { const c = getComputedStyle(e).backgroundColor; return !/, 0\)$/.test(c) && c !== 'transparent'; };
const CARD = '.card, .x_panel, .small-box, .info-box, .panel, .tile_stats_count, article, .uk-card, .card-body, .product, .tile';
P.card = e => e.matches(CARD);
P.role = e => {
  const marks = ((e.getAttribute('class') || '') + ' ' + (e.getAttribute('src') || '') + ' ' + (e.getAttribute('alt') || '')).toLowerCase();
  const r = e.getBoundingClientRect(), tag = e.tagName.toLowerCase();
  if (P.menuButton(e)) return 'menu button';
  if (tag === 'img') return /logo|brand/.test(marks) ? 'logo' : /avatar|user|profile|face/.test(marks) && r.width < 120 ? 'portrait' : r.width < 40 ? 'icon' : 'picture';
  if (tag === 'svg' || tag === 'i' && !P.text(e)) return r.width > 120 ? 'drawing' : 'icon';
  if (tag === 'canvas') return 'chart';
  if (e.matches('.form-switch input, [role=switch], .switch input, .custom-switch input')) return 'switch';
  if (e.matches('input[type=checkbox]')) return 'checkbox';
  if (e.matches('input[type=radio]')) return 'radio button';
  if (e.matches('input[type=range]')) return 'slider';
  if (tag === 'select') return 'drop-down list';
  if (P.field(e)) return 'field';
  if (e.closest('button, .btn, [role=button], input[type=submit], input[type=button], .uk-button')) return 'button';
  if (e.matches('.badge, .label, .tag, .uk-label, .uk-badge, .chip, .pill')) return 'badge';
  if (e.matches('.progress, .progress-bar, progress, .uk-progress')) return 'progress bar';
  if (e.matches('.alert, .callout, .uk-alert, .toast')) return 'message';
  if (e.closest('th')) return 'column title';
  if (e.matches('tr')) return 'row';
  if (e.closest('td')) return 'table cell';
  if (e.closest('h1, h2, h3, h4, h5, h6')) return 'heading';
  if (e.closest('nav a, .navbar a, .nav-link, .sidebar a, .side-menu a, .nav a')) return 'menu item';
  if (e.closest('a')) return 'link';
  if (e.closest('label')) return 'label';
  if (e.matches('li')) return 'list item';
  if (e.matches('hr')) return 'line';
  if (e.matches('nav, .navbar')) return 'navigation bar';
  if (e.matches('footer')) return 'footer';
  if (e.matches('aside, .sidebar')) return 'side bar';
  if (e.matches('table')) return 'table';
  if (e.matches('form')) return 'form';
  if (P.card(e)) return 'card';
  if (tag === 'p' && P.text(e).length > 60) return 'paragraph';
  return P.plain(e) ? 'text' : 'box';
};
// The words by which a person would call it, where they can be read in the page: an alternative text and a label for
// screen readers cannot.
P.name = e => {
  if (e.tagName === 'IMG') { const words = squeeze(e.alt); return e.complete && !e.naturalWidth && words.length <= 40 && /[\p{L}\p{N}]/u.test(words) ? words : ''; }
  if (e.matches('input, textarea, select')) {
    const beside = e.labels && [...e.labels].find(l => P.visible(l) && !unseen(l)), label = beside ? P.text(beside) : '';
    const name = label || (e.value ? '' : squeeze(e.placeholder)) || (/^(submit|button|reset)$/.test(e.type) ? squeeze(e.value) : '');
    return name.length <= 40 ? name : '';
  }
  const own = P.words(e);
  if (own && own.length <= 40 && !e.querySelector('br, li, p, td')) return own;
  const heading = e.querySelector('h1, h2, h3, h4, h5, h6, .card-title, .card-header, legend, td, th');
  const title = heading && P.visible(heading) ? P.text(heading) : '';
  return title.length <= 40 ? title : '';
};
P.beginning = e => P.words(e).length > 40 ? P.words(e).split(' ').slice(0, 4).join(' ') : '';
const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];
P.where = e => {
  const among = (one, all, noun) => {
    const seen = all.filter(P.visible), index = seen.indexOf(one);
    return seen.length > 1 && index >= 0 && index < ORDINALS.length ? `in the ${ORDINALS[index]} ${noun}` : '';
  };
  const row = e.closest('tr');
  if (row && row !== e) {
    const first = row.querySelector('td, th'), title = first && !first.contains(e) ? P.text(first) : '';
    return title && title.length <= 30 ? `in the row "${title}"` : among(row, [...row.parentElement.children], 'row') || 'in the table';
  }
  const card = e.parentElement && e.parentElement.closest(CARD);
  if (card) {
    const whole = card.parentElement.closest(CARD) || card;
    const seen = [...document.querySelectorAll(CARD)].filter(c => { const [x, y, w, h] = P.box(c); return !c.parentElement.closest(CARD) && w > 0 && y + h > 0 && y < innerHeight; });
    const title = P.name(whole);
    return among(whole, seen, 'card') || (title && !P.text(e).includes(title) ? `in the card "${title}"` : '');
  }
  for (const [mark, words] of [['footer', 'in the footer'], ['aside, .sidebar, .main-sidebar, #sidebar-menu, .side-menu', 'in the side bar'],
    ['nav, .navbar', 'in the navigation bar'], ['form', 'in the form'], ['header, .masthead', 'in the page header']])
    if (e.parentElement && e.parentElement.closest(mark)) return words;
  const item = e.closest('li');
  return item && item !== e && item.parentElement ? among(item, [...item.parentElement.children], 'list item') : '';
};
P.describe = e => ({role: P.role(e), name: P.name(e), beginning: P.beginning(e), where: P.where(e)});
// the colour behind an element: the nearest ancestor that has one
P.behind = e => { for (let n = e; n; n = n.parentElement) if (P.solid(n)) return getComputedStyle(n).backgroundColor; return 'rgb(255, 255, 255)'; };
}
