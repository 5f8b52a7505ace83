// Runs before a page's own scripts: time, chance and scrolling take no part in what the page shows.
(() => {
  const start = 1718000000000, Real = Date; // a fixed day; the clock runs on, since scripts wait for it
  const now = () => start + performance.now();
  window.Date = class extends Real {
    constructor(...given) { if (given.length) super(...given); else super(now()); }
    static now() { return now(); }
  };
  let state = 12345; // the seed of a linear congruential generator (numerical recipes' multiplier and increment)
  Math.random = () => (state = (1664525 * state + 1013904223) % 4294967296) / 4294967296;
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (name, ...rest) {
    return name === 'scroll' ? undefined : listen.call(this, name, ...rest);
  };
  window.IntersectionObserver = class {
    constructor(callback) { this.callback = callback; }
    observe(e) {
      const box = e.getBoundingClientRect();
      const entry = {target: e, isIntersecting: true, intersectionRatio: 1, boundingClientRect: box, intersectionRect: box};
      setTimeout(() => this.callback([entry], this), 0);
    }
    unobserve() {}
    disconnect() {}
    takeRecords() { return []; }
  };
})();
