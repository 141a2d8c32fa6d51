// A browser without JavaScript: cookies, redirects one by one, forms found by the ids of their elements.

const unescape = (text) =>
  text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#39;', "'").replaceAll('&amp;', '&');

function attributes(tag) {
  const all = {};
  for (const [, name, value] of tag.matchAll(/([\w-]+)="([^"]*)"/g)) all[name] = unescape(value);
  return all;
}

export function forms(html) {
  return [...html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head, body]) => {
    const form = { action: attributes(head).action, fields: {}, ids: {} };
    for (const [, kind, tag] of body.matchAll(/<(input|button)([^>]*)>/g)) {
      const { id, name, value = '' } = attributes(tag);
      if (id) form.ids[id] = { name, value };
      if (kind === 'input' && name) form.fields[name] = value;
    }
    return form;
  });
}

export class Browser {
  cookies = {};

  async send(url, fields) {
    const cookie = Object.entries(this.cookies).map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, {
      method: fields ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie && { cookie }) },
      body: fields && new URLSearchParams(fields),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (/max-age=0/i.test(line)) delete this.cookies[name];
      else this.cookies[name] = value;
    }
    const location = answer.headers.get('location');
    return { url: String(url), status: answer.status, body: await answer.text(), location: location && new URL(location, url) };
  }

  press(page, button, values = {}) {
    const form = forms(page.body).find((form) => button in form.ids);
    if (!form) throw new Error(`no #${button} on ${page.url}: ${page.body}`);
    const fields = { ...form.fields };
    for (const [id, value] of Object.entries(values)) fields[form.ids[id].name] = value;
    const { name, value } = form.ids[button];
    if (name) fields[name] = value;
    return this.send(new URL(form.action, page.url), fields);
  }

  async follow(page, stop) {
    for (let n = 0; n < 12; n += 1) {
      if (!page.location || page.location.href.startsWith(stop)) return page;
      page = await this.send(page.location);
    }
    throw new Error(`too many redirects, last ${page.url}`);
  }

  // From an authorization request to the relying party's address: log in, agree, whatever the provider asks for. Where the
  // answer is a form that posts itself to that address, the request that a browser would send.
  async authorize(url, stop, person, ids) {
    let page = await this.follow(await this.send(url), stop);
    for (let n = 0; n < 6; n += 1) {
      if (page.location) return page.location;
      const posting = forms(page.body).find((form) => form.action === stop);
      const has = (id) => page.body.includes(`id="${id}"`);
      if (posting) return new Request(stop, { method: 'POST', body: new URLSearchParams(posting.fields) });
      if (has(ids.log_in)) {
        page = await this.press(page, ids.log_in, { [ids.username]: person.username, [ids.password]: person.password });
      } else if (has(ids.allow)) {
        page = await this.press(page, ids.allow);
      } else if (has(ids.continue ?? 'continue')) {
        page = await this.press(page, ids.continue ?? 'continue');
      } else {
        throw new Error(`${page.url} answered ${page.status}: ${page.body}`);
      }
      page = await this.follow(page, stop);
    }
    throw new Error(`the provider asks and asks, last ${page.url}`);
  }
}
