// What differs between two photographs of a page though nobody changed it. Extends window.__pages.
if (!window.__pages.nuisances) {
const P = window.__pages;
let parts = [];
const add = (e, css) => { e.style.cssText = 'all:initial;position:fixed;z-index:99998;' + css; document.body.append(e); parts.push(e); return e; };
P.nuisances = {
  clock: {
    before: a => { P.clock = add(document.createElement('div'), `${a.r[0] < 0.5 ? 'left' : 'right'}:0;${a.r[1] < 0.5 ? 'top' : 'bottom'}:0;padding:2px 8px;background:${a.r[2] < 0.5 ? '#fff' : '#222'};color:${a.r[2] < 0.5 ? '#222' : '#fff'};font:13px sans-serif;`); P.clock.textContent = a.times[0]; },
    after: a => { P.clock.textContent = a.times[1]; },
  },
  caret: {
    before: () => {},
    after: a => { const all = P.seen().filter(P.field), f = all[Math.floor(a.r[0] * all.length)]; if (!f) return false;
      const [x, y, w, h] = P.box(f); add(document.createElement('div'), `left:${Math.round(x + 10)}px;top:${Math.round(y + h / 2 - 9)}px;width:1px;height:18px;background:${getComputedStyle(f).color};`); },
  },
  smoothing: {
    before: () => {},
    after: a => { const s = document.createElement('style'); s.textContent = `*{-webkit-text-stroke-width:${0.05 + 0.12 * a.r[0]}px!important}`; document.head.append(s); parts.push(s); },
  },
};
P.still = () => { for (const e of parts) e.remove(); parts = []; };
}
