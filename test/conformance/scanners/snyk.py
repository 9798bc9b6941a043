# Stands in for Snyk's command line in a test: `snyk sbom test --json --file=F`
# as its help describes it. It asks the service that SNYK_API names, with the
# token of SNYK_TOKEN, through the proxy of the environment, about every component
# of the document, and exits 0, 1 or 2.
import json
import os
import sys
import urllib.request

if sys.argv[1:] == ["--version"]:
    print("1.1307.4")
    sys.exit(0)
if sys.argv[1:4] != ["sbom", "test", "--json"] or not sys.argv[4].startswith("--file="):
    print("unknown arguments", file=sys.stderr)
    sys.exit(2)
with open(sys.argv[4].removeprefix("--file=")) as f:
    document = json.load(f)
found = []
for component in document["components"]:
    request = urllib.request.Request(
        os.environ["SNYK_API"] + "/issues", data=json.dumps({"purl": component["purl"]}).encode(),
        headers={"Authorization": "token " + os.environ["SNYK_TOKEN"]})
    try:
        with urllib.request.urlopen(request) as answer:
            found += json.load(answer)["issues"]
    except OSError as e:
        print(json.dumps({"ok": False, "error": str(e), "path": os.getcwd()}))
        sys.exit(2)
print(json.dumps({"ok": not found, "vulnerabilities": found, "dependencyCount": len(document["components"]), "packageManager": "pip"}))
sys.exit(1 if found else 0)
