"""A browser without JavaScript: cookies, redirects one by one, forms found by the ids of their elements (standard library only)."""

import html.parser
import http.client
import urllib.parse


class _Forms(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self._form = [], None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self._form = {"action": attributes.get("action", ""), "fields": {}, "ids": {}}
            self.forms.append(self._form)
        elif tag in ("input", "button") and self._form is not None:
            name = attributes.get("name")
            if "id" in attributes:
                self._form["ids"][attributes["id"]] = (name, attributes.get("value", ""))
            if tag == "input" and name:
                self._form["fields"][name] = attributes.get("value", "")

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None


class Page:
    def __init__(self, url, status, headers, body):
        self.url, self.status, self.headers, self.body = url, status, headers, body
        self.location = headers.get("location") and urllib.parse.urljoin(url, headers["location"])

    def has(self, element):
        return f'id="{element}"' in self.body


class Browser:
    def __init__(self):
        self.cookies = {}

    def _send(self, method, url, fields=None):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        jar = self.cookies.setdefault(parts.hostname, {})
        headers = {"Accept": "text/html"}
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, (parts.path or "/") + ("?" + parts.query if parts.query else ""), body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            if "max-age=0" in cookie.lower() or "01 jan 1970" in cookie.lower().replace("-", " "):
                jar.pop(name, None)
            else:
                jar[name] = value
        connection.close()
        return Page(url, answer.status, answer.headers, text)

    def get(self, url):
        return self._send("GET", url)

    def press(self, page, button, fields=None):
        """Sends the form in which the button with this id is, with the values of `fields` by element id."""
        parser = _Forms()
        parser.feed(page.body)
        form = next((form for form in parser.forms if button in form["ids"]), None)
        assert form, f"no #{button} on {page.url}: {page.body}"
        sent = dict(form["fields"])
        for element, value in (fields or {}).items():
            sent[form["ids"][element][0]] = value
        name, value = form["ids"][button]
        if name:
            sent[name] = value
        return self._send("POST", urllib.parse.urljoin(page.url, form["action"]), sent)

    def follow(self, page, stop):
        """Follows redirects to a page, or to the first address that begins with `stop`, which is not opened."""
        for _ in range(12):
            if page.location is None or page.location.startswith(stop):
                return page
            page = self.get(page.location)
        raise AssertionError(f"too many redirects, last {page.url}")

    def authorize(self, url, stop, person, ids):
        """From an authorization request to the relying party's address: log in, agree, whatever the provider asks for."""
        page = self.follow(self.get(url), stop)
        for _ in range(6):
            if page.location is not None:
                return page.location
            if page.has(ids["log_in"]):
                named = {ids["username"]: person["username"], ids["password"]: person["password"]}
                page = self.press(page, ids["log_in"], named)
            elif page.has(ids["allow"]):
                page = self.press(page, ids["allow"])
            elif page.has(ids.get("continue", "continue")):
                page = self.press(page, ids.get("continue", "continue"))
            else:
                raise AssertionError(f"{page.url} answered {page.status}: {page.body}")
            page = self.follow(page, stop)
        raise AssertionError(f"the provider asks and asks, last {page.url}")

    def log_out_at(self, issuer):
        """The provider's own log-out, with its question."""
        page = self.get(f"{issuer}/logout")
        parser = _Forms()
        parser.feed(page.body)
        form = next(form for form in parser.forms if form["action"].endswith("/logout/confirm"))
        return self._send("POST", urllib.parse.urljoin(page.url, form["action"]), form["fields"])
