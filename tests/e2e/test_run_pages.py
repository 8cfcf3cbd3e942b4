"""`runs export --format html` in a browser: what it shows, how it is used, and that nothing in a run gets out of it."""

import json
import re
from pathlib import Path

from harness.case import main
from harness.chromium import Chromium, dump_dom
from harness.story import PROMPT, StoryCase
from harness.waiting import until

HIDDEN_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class PageCase(StoryCase):
    def setUp(self):
        super().setUp()
        self.result = self.live_through()
        self.text = self.export(self.result, "html")
        self.page = self.save(self.text)

    def save(self, text):
        file = self.folder / "run.html"
        file.write_text(text)
        return file.as_uri()

    def show(self, browser, fragment="", **appearance):
        browser.appear(**appearance)
        browser.load("about:blank")
        browser.load(self.page + fragment)
        self.assertEqual(browser.complaints(), [])

    def rows(self, browser):
        return browser.evaluate("[...document.querySelectorAll('#calls tbody tr:not([hidden])')].map(row => row.id)")


class Contents(PageCase):
    def test_a_hostile_run_is_text_and_nothing_else(self):
        self.assertIsNone(HIDDEN_CHARACTERS.search(self.text))
        dom = dump_dom(self.page)
        self.assertIsNone(HIDDEN_CHARACTERS.search(dom))
        self.assertEqual(re.findall("<title>(.*?)</title>", dom), [f"Run {self.result.run_id} of test-agent"])
        self.assertEqual(re.findall(r"<script[^>]*>", dom), ['<script type="application/json" id="events">', "<script>"])
        self.assertEqual(re.findall(r"<(?:img|iframe|link|object|embed|form action|a href=\"(?!#))[^>]*>", dom), [])
        rows = re.search("<tbody role.*</tbody>", dom, re.S)[0]
        self.assertIn("%3C/script%3E%3Cimg%20src=x%20onerror=alert(1)%3E", rows)
        self.assertIn("&lt;b&gt;none&lt;/b&gt;\\u202e", rows)
        events = json.loads(re.search(r'<script type="application/json" id="events">(.*?)</script>', self.text, re.S)[1])
        self.assertEqual(sorted(event["seq"] for event in events), [event["seq"] for event in self.events(self.result.run_id)])
        asked = next(event["request_body"] for event in events if "request_body" in event)
        self.assertIn("<script>document.title='owned'</script>", asked)
        for secret in (*self.secret_values, "opensesame"):
            self.assertFalse(secret in self.text, secret)

    def test_every_event_is_a_row_with_its_decision(self):
        with Chromium() as browser:
            self.show(browser)
            shown = browser.evaluate("""[...document.querySelectorAll('#calls tbody tr')].map(row => [Number(row.id.slice(6)), row.dataset.d,
                (row.querySelector('.status') || {}).textContent, (row.querySelector('.why') || {}).textContent])""")
            recorded = {event["seq"]: event for event in self.events(self.result.run_id)}
            self.assertEqual(sorted(seq for seq, *_ in shown), sorted(recorded))
            for seq, decision, status, why in shown:
                event = recorded[seq]
                self.assertEqual(decision, event.get("decision", "event"))
                if "decision" in event:
                    self.assertEqual(status, str(event["status"]))
                    self.assertIn(event.get("code", ""), why)
            counts = browser.evaluate("Object.fromEntries([...document.querySelectorAll('.counts div')].map(box => [box.querySelector('dt').textContent, box.querySelector('dd').firstChild.textContent]))")
            self.assertEqual([counts[name] for name in ("Calls", "Allowed", "Approved", "Refused", "Models")], ["8", "3", "1", "4", "$0.0018"])

    def test_nothing_leaves_the_page_whatever_is_in_it(self):
        lure = self.upstream()
        injected = (f'<img src="{lure.url}/img"><link rel="stylesheet" href="{lure.url}/style"><script src="{lure.url}/script"></script>'
                    f'<iframe src="{lure.url}/frame"></iframe><form id="out" action="{lure.url}/form"></form>'
                    f'<script>document.title = "owned"; fetch("{lure.url}/fetch"); document.getElementById("out").submit()</script></body>')
        self.page = self.save(self.text.replace("</body>", injected))
        with Chromium() as browser:
            browser.load(self.page)
            browser.evaluate("new Promise(done => setTimeout(done, 300))")
            # From the console, too, as a hole in the page's own script would.
            browser.evaluate(f"fetch('{lure.url}/fetch').then(() => 'sent', () => 'kept')")
            self.assertEqual(browser.evaluate("document.title"), f"Run {self.result.run_id} of test-agent")
            with self.assertRaises(AssertionError):
                browser.evaluate("document.body.innerHTML = '<b>markup</b>'")
        self.assertEqual(lure.targets(), [])
        self.assertEqual(lure.open_connections(), 0)


class Use(PageCase):
    def test_rows_unfold_by_keyboard_and_by_click(self):
        model = next(event for event in self.events(self.result.run_id) if event.get("request_body"))
        with Chromium() as browser:
            self.show(browser, f"#event-{model['seq']}")
            self.assertIn(PROMPT.split()[0], browser.evaluate("document.querySelector('tr.more pre').textContent"))
            self.assertEqual(browser.evaluate("document.activeElement.id"), f"event-{model['seq']}")
            browser.press("Escape")
            self.assertEqual(browser.evaluate("document.querySelectorAll('tr.more').length"), 0)
            order = self.rows(browser)
            browser.press("Home")
            for at in (1, 2):
                browser.press("ArrowDown")
                self.assertEqual(browser.evaluate("document.activeElement.id"), order[at])
            browser.press("Enter")
            self.assertEqual(browser.evaluate("document.activeElement.getAttribute('aria-expanded')"), "true")
            self.assertEqual(browser.evaluate("document.activeElement.nextElementSibling.className"), "more")
            approved = next(event for event in self.calls(self.result.run_id) if event["decision"] == "approved")
            browser.evaluate(f"document.getElementById('event-{approved['seq']}').click()")
            said = browser.evaluate(f"document.getElementById('event-{approved['seq']}').nextElementSibling.textContent")
            for word in ("Approved, by ", "policy careful, rule 2", "Waiting", "Upstream", approved["request_id"], "bearer env:API_SECRET"):
                self.assertIn(word, said)
            self.assertEqual(browser.evaluate("document.getElementById('calls').getAttribute('role')"), "treegrid")
            self.assertEqual(browser.evaluate("document.querySelectorAll('#calls [tabindex=\"0\"]').length"), 1)

    def test_filters_choose_rows(self):
        with Chromium() as browser:
            self.show(browser)
            everything = self.rows(browser)
            count = "document.getElementById('filters').elements.count.value"

            def chosen(script, expected):
                browser.evaluate(f"(form => {{ {script}; form.dispatchEvent(new Event('input')) }})(document.getElementById('filters'))")
                browser.evaluate(f"new Promise(done => {{ const look = () => {count}.startsWith('{expected} ') ? done() : setTimeout(look, 10); look() }})")
                self.assertEqual(len(self.rows(browser)), expected)
            chosen("form.querySelectorAll('[name=decision]').forEach(box => box.checked = box.value === 'refused')", 4)
            chosen("form.elements.tool.value = '=api'", 1)
            chosen("form.elements.tool.value = ''", 4)
            chosen("form.elements.text.value = 'tool_not_registered'", 1)
            chosen("form.elements.text.value = 'not in any row'", 0)
            self.assertFalse(browser.evaluate("document.getElementById('nothing').hidden"))
            chosen("form.elements.text.value = ''; form.querySelectorAll('[name=decision]').forEach(box => box.checked = true)", len(everything))
            browser.press("/")
            browser.type("pay")
            browser.evaluate(f"new Promise(done => {{ const look = () => {count}.startsWith('1 of') ? done() : setTimeout(look, 10); look() }})")

    def test_it_is_a_table_without_scripts(self):
        with Chromium() as browser:
            self.show(browser, scripts=False)
            wanted = ("POLICY_DENIED", "refused", "Run created", "Timeline")

            def shown():
                return [node for node in browser.send("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]

            def is_whole():
                names = [node.get("name", {}).get("value", "") for node in shown()]
                return all(any(text in name for name in names) for text in wanted)

            # The tree grows behind the page.
            until(is_whole, f"what a screen reader is told to hold {wanted}")
            roles = [node["role"]["value"] for node in shown()]
            self.assertEqual(roles.count("row") - 4 - 2, len(self.events(self.result.run_id)) + 1)  # but for the sums
            self.assertNotIn("searchbox", roles)

    def test_it_fits_narrow_windows_light_and_dark(self):
        with Chromium() as browser:
            for dark in (False, True):
                self.show(browser, width=400, height=800, dark=dark)
                self.assertLessEqual(browser.evaluate("document.documentElement.scrollWidth"), 400)
                self.assertEqual(browser.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"), dark)
                red, green, blue = map(int, re.findall(r"\d+", browser.evaluate("getComputedStyle(document.body).backgroundColor"))[:3])
                self.assertEqual(red + green + blue < 384, dark)
                browser.evaluate("document.querySelectorAll('#calls tbody tr').forEach(row => row.click())")
                self.assertLessEqual(browser.evaluate("document.documentElement.scrollWidth"), 400)

    def test_ten_thousand_calls_are_no_burden(self):
        journal = Path(self.cli_json("runs", "verify", self.result.run_id)["journal"])
        lines = journal.read_text().splitlines()
        call = next(line for line in lines if '"refused"' in line and "DELETE" in line)
        end = json.loads(lines[-1])["ts"]
        more = [json.dumps({**json.loads(call), "seq": len(lines) + at, "ts": end, "url": f"http://api.example/v1/items/{at}"}) for at in range(10_000)]
        journal.write_text("\n".join([*lines, *more]) + "\n")
        self.text = self.export(self.result, "html")
        self.assertLess(len(self.text), 15_000_000)
        self.page = self.save(self.text)
        with Chromium() as browser:
            self.show(browser)
            self.assertEqual(len(self.rows(browser)), len(lines) + 10_000)
            # Rows that are not looked at are not laid out.
            self.assertTrue(browser.evaluate("!document.querySelector('#calls tbody tr:last-child td').checkVisibility({contentVisibilityAuto: true})"))
            browser.evaluate("document.querySelector('#calls tbody tr').focus()")
            browser.press("End", "ArrowUp", "Enter")
            self.assertIn("http://api.example/v1/items/9999", browser.evaluate("document.querySelector('tr.more').textContent"))


if __name__ == "__main__":
    main()
