"""The JSON Schema of runagents.toml agrees with the reader's corpus: it takes what the reader takes, and rejects the
files that are marked `# schema: rejects` (what no schema can see, such as dangling names, is the reader's alone)."""

import json
import pathlib
import tomllib
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests/corpus/config"


class ConfigSchema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        schema = json.loads((ROOT / "core/config/runagents.schema.json").read_text())
        cls.kind = jsonschema.validators.validator_for(schema)
        cls.schema = schema
        cls.validator = cls.kind(schema)

    def problems(self, file):
        document = tomllib.loads(file.read_text())
        return [f"{list(error.absolute_path)}: {error.message}" for error in self.validator.iter_errors(document)]

    def test_the_schema_is_one(self):
        self.kind.check_schema(self.schema)
        self.assertEqual(self.schema["$schema"], "http://json-schema.org/draft-07/schema#")

    def test_valid_files_pass(self):
        files = sorted((CORPUS / "valid").glob("*.toml"))
        self.assertGreaterEqual(len(files), 15)
        for file in files:
            with self.subTest(file.name):
                self.assertEqual(self.problems(file), [])

    def test_marked_invalid_files_are_rejected(self):
        files = [file for file in sorted((CORPUS / "invalid").glob("*.toml"))
                 if "# schema: rejects" in file.read_text().splitlines()]
        self.assertGreaterEqual(len(files), 40)
        for file in files:
            with self.subTest(file.name):
                self.assertNotEqual(self.problems(file), [])


if __name__ == "__main__":
    unittest.main()
