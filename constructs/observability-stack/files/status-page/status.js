'use strict';

// What the platform reported last, beside what people wrote, and how old it is: nobody but this page sees that it is silent.
(() => {
  const silentAfterSeconds = 300;
  const everySeconds = 60;
  /** For who sees no colours, too. */
  const words = { works: '✓ works', impaired: '✕ impaired', unknown: '? not known' };
  const byId = (id) => document.getElementById(id);

  const inWords = (seconds) => {
    const minutes = Math.round(seconds / 60);
    const [count, unit] =
      seconds < 90
        ? [Math.max(0, Math.round(seconds)), 'second']
        : minutes < 90
          ? [minutes, 'minute']
          : minutes < 48 * 60
            ? [Math.round(minutes / 60), 'hour']
            : [Math.round(minutes / 60 / 24), 'day'];
    return `${count} ${unit}${count === 1 ? '' : 's'}`;
  };
  const moment = (date) => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

  /** A file of the bucket with the storage's own time, which is right where the browser's clock is not; undefined for none. */
  const read = async (file) => {
    const response = await fetch(file, { cache: 'no-store' });
    if (response.status === 403 || response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${file}: ${response.status}`);
    const now = Date.parse(response.headers.get('date') ?? '');
    return { content: await response.json(), now: Number.isNaN(now) ? Date.now() : now };
  };

  const item = ({ name, state }, isSilent) => {
    const shown = isSilent || !Object.hasOwn(words, state) ? 'unknown' : state;
    const line = document.createElement('li');
    line.className = shown;
    const what = document.createElement('span');
    what.textContent = name;
    const how = document.createElement('span');
    how.className = 'state';
    how.textContent = words[shown];
    line.append(what, how);
    return line;
  };

  const say = (state, text) => {
    const summary = byId('summary');
    summary.className = state;
    // Only what is new is read aloud.
    if (summary.textContent !== text) summary.textContent = text;
  };

  const judge = (lines) => {
    const states = lines.map(({ state }) => state);
    if (states.includes('impaired')) {
      const names = lines.filter(({ state }) => state === 'impaired').map(({ name }) => name);
      return ['impaired', `✕ Impaired: ${names.join(', ')}`];
    }
    if (states.length > 0 && states.every((state) => state === 'works')) return ['works', '✓ Everything works'];
    return ['unknown', '? Not everything is known'];
  };

  let last = [];
  const showLines = (isSilent) => byId('lines').replaceChildren(...last.map((line) => item(line, isSilent)));

  const showStatus = async () => {
    const status = await read('status.json');
    if (status === undefined) {
      say('unknown', '? The platform has not reported yet');
      return;
    }
    const { written, platform, lines } = status.content;
    const at = new Date(written);
    const seconds = (status.now - at.getTime()) / 1000;
    // One that is no date is not within them either.
    const isSilent = !(seconds <= silentAfterSeconds);
    document.title = `Status of ${platform}`;
    byId('platform').textContent = ` of ${platform}`;
    last = lines;
    showLines(isSilent);
    byId('reported').textContent = `Last reported at ${moment(at)}.`;
    if (isSilent) {
      say('unknown', `? The platform has not reported for ${inWords(seconds)}: it may be down`);
    } else {
      say(...judge(lines));
    }
  };

  const showAnnouncement = async () => {
    const announcement = await read('announcement.json');
    const { written, text } = announcement?.content ?? { text: '' };
    byId('announcement').hidden = text === '';
    if (text === '') return;
    byId('text').textContent = text;
    byId('announced-at').dateTime = written;
    byId('announced-at').textContent = moment(new Date(written));
  };

  const look = async () => {
    const [status] = await Promise.allSettled([showStatus(), showAnnouncement()]);
    if (status.status === 'fulfilled') return;
    say('unknown', '? This page could not be brought up to date: look again later');
    showLines(true);
  };

  void look();
  setInterval(look, everySeconds * 1000);
})();
