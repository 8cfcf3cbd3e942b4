"""Every command of the README's tutorial is typed into a terminal, in its order, and does what is said there; what the README
shows is tried somewhere, and leads somewhere. Its recipes: test_recipes.py."""

import re
import subprocess

from harness import markdown, own_network
from harness.case import SOURCE, EndToEnd, main
from harness.readme_world import HOSTS, README, SECRET, SECTIONS, ReadmeCase

REFERENCE = (SOURCE / "man/reference.md").read_text()
RECIPES = (SOURCE / "tests/e2e/test_recipes.py").read_text()


class FiveMinutes(ReadmeCase):
    TITLES = ("1. An agent, as it comes", "2. A person decides", "3. An API of yours", "4. What is in force")

    def test_from_nothing_to_an_agent_behind_a_policy(self):
        self.needs_fence()
        shown = self.play(*self.TITLES, expected={"runagents run -- curl -sS https://example.com/": 56})
        self.assertIn("POLICY_DENIED: no rule allows DELETE", shown["runagents run"])
        self.assertRegex(shown["runagents runs timeline latest"], r"refused +DELETE")
        self.assertIn("does not include DELETE", shown["runagents policies explain DELETE builtin://echo/anything"])
        self.assertRegex(shown["runagents run --on-approval=ask"], r"Approve it\?[\s\S]*1 approved")
        self.assertIn('{"path": "/repos/curl/curl"}', shown["runagents run -- curl -sS https://api.github.com/repos/curl/curl"])
        self.assertIn("POLICY_DENIED", shown["runagents run -- curl -sS https://api.github.com/user"])
        self.assertIn("TOOL_NOT_REGISTERED", shown["runagents run -- curl -sS https://example.com/"])
        self.assertIn("valid", shown["runagents config check"])
        self.assertIn("TOOL_GITHUB_URL", shown["runagents run --dry-run"])
        self.assertEqual([request.target for request in self.apis.requests], ["/repos/curl/curl"])
        self.assertNotIn(SECRET, "".join(shown.values()))


class Pages(EndToEnd):
    OF_DEV = {"Install", "Development"}

    def test_no_block_is_left_untried(self):
        with_blocks = {title for title, section in SECTIONS.items() if section.of("sh", "toml", "yaml", "json")}
        recipes = {title for title in with_blocks if f'"{title}"' in RECIPES}
        self.assertEqual(with_blocks, {*FiveMinutes.TITLES, *recipes, *self.OF_DEV})

    def test_what_dev_is_said_to_do_it_does(self):
        usage = subprocess.run([SOURCE / "dev", "help"], capture_output=True, text=True, timeout=30).stdout
        known = set(re.findall(r"^  ([a-z]+) ", usage, re.MULTILINE))
        said = {word for words in re.findall(r"\./dev ((?:[a-z]+ ?)+)", README.replace("`", "\n")) for word in words.split()}
        self.assertLessEqual({"package", "test"}, said)
        self.assertLessEqual(said, known)

    def test_links_lead_somewhere(self):
        for folder, text in ((SOURCE, README), (SOURCE / "man", REFERENCE)):
            for target in markdown.links(text):
                path, _, anchor = target.partition("#")
                page = folder / path if path else None
                if page:
                    self.assertTrue(page.exists(), target)
                if anchor:
                    self.assertIn(anchor, markdown.anchors(page.read_text() if page else text), target)

    def test_projects_of_the_reference_are_valid(self):
        agent = '[agent]\nname = "a"\ncommand = ["true"]\n'
        projects = ["\n".join(section.of("toml")) for section in markdown.sections(REFERENCE).values() if section.of("toml")]
        self.assertGreater(len(projects), 5)
        for number, text in enumerate(projects):
            with self.subTest(text):
                (self.work / f"{number}.toml").write_text(text if "[agent]" in text else agent + text)
                self.cli("config", "check", "--config", f"{number}.toml", status=0)


if __name__ == "__main__":
    own_network.enter(HOSTS)
    main()
