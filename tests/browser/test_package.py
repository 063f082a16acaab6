"""The npm package: its files are the service's, its types fit, and its components give fields their suggestions."""

import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Route, expect

import app
from tests.browser.conftest import OpenPage

ROOT = Path(app.__file__).parent.parent
WIDGET = ROOT / "app" / "static" / "widget"
PACKAGE = ROOT / "packages" / "widget"
LONGEST = 120  # seconds of a command, where it hangs


def npm(command: str, folder: Path) -> str:
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, timeout=LONGEST)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package as npm packs it, unpacked."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("npm")
    shutil.copytree(WIDGET, folder / "app" / "static" / "widget")
    ignored = shutil.ignore_patterns("node_modules", "widget", "*.tgz")
    source = folder / "packages" / "widget"
    shutil.copytree(PACKAGE, source, ignore=ignored)
    npm("npm pack --loglevel=error", source)
    with tarfile.open(next(source.glob("*.tgz"))) as file:
        file.extractall(folder / "unpacked", filter="data")
    assert not (source / "widget").exists()
    return folder / "unpacked" / "package"


@pytest.fixture(scope="module")
def installed(packed: Path) -> Path:
    """The same, with the packages that its examples use."""
    shutil.copytree(PACKAGE / "example", packed / "example")
    shutil.copy2(PACKAGE / "tsconfig.json", packed)
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    done = subprocess.run(command, cwd=packed, capture_output=True, text=True, timeout=LONGEST)
    if done.returncode:
        pytest.skip(f"npm cannot install packages here: {done.stderr[-300:]}")
    return packed


def test_the_package_holds_the_files_that_the_service_serves(packed: Path) -> None:
    modules = {file.name: file.read_bytes() for file in WIDGET.iterdir()}
    assert {file.name: file.read_bytes() for file in (packed / "widget").iterdir()} == modules
    names = {file.name for file in packed.iterdir()}
    assert {"README.md", "package.json", "index.d.ts", "element.js", "react.js", "vue.js"} <= names
    assert not names & {"node_modules", "tsconfig.json"}
    exports = json.loads((packed / "package.json").read_text())["exports"]
    for entry in exports.values():
        assert all((packed / file).is_file() for file in entry.values())


def test_its_types_fit_an_example(installed: Path) -> None:
    npm("npx tsc --noEmit", installed)


def test_the_react_component_is_a_textarea_with_the_attributes(installed: Path) -> None:
    script = installed / "render.js"
    script.write_text(
        """import { createElement } from "react";
        import { renderToString } from "react-dom/server";
        import { TsuzukiTextarea } from "@tsuzuki/widget/react";
        const tsuzuki = { endpoint: "https://a.example", minProbability: 0.1, check: true, key: undefined };
        console.log(renderToString(createElement(TsuzukiTextarea, { rows: 4, tsuzuki })));"""
    )
    html = npm("node render.js", installed).strip()
    assert html == (
        '<textarea rows="4" data-tsuzuki="" data-tsuzuki-endpoint="https://a.example" '
        'data-tsuzuki-min-probability="0.1" data-tsuzuki-check=""></textarea>'
    )


def test_the_element_and_the_vue_component_have_suggestions(open_page: OpenPage, installed: Path, server: str) -> None:
    page = open_page('<form id="f"><div id="host"></div></form><div id="vue"></div>', script="")

    def serve(route: Route) -> None:
        file = installed / route.request.url.partition("/package/")[2]
        route.fulfill(path=file, content_type="text/javascript")

    page.route("**/package/**", serve)
    page.evaluate(
        """server => {
          const map = document.createElement("script");
          map.type = "importmap";
          map.textContent = JSON.stringify({ imports: {
            "@tsuzuki/widget": "/package/widget/index.js",
            "vue": "/package/node_modules/vue/dist/vue.runtime.esm-browser.prod.js",
          } });
          document.head.append(map);
        }"""
    )
    page.evaluate(
        """async server => {
          await import("/package/element.js");
          host.innerHTML =
            `<tsuzuki-textarea name="answer" cols="60" endpoint="${server}" limit="3">Hello.</tsuzuki-textarea>`;
          const { createApp, h, ref } = await import("vue");
          const { TsuzukiTextarea } = await import("/package/vue.js");
          text = ref("Hello.");
          const listen = { "onUpdate:modelValue": (value) => { text.value = value; } };
          const render = () =>
            h(TsuzukiTextarea, { modelValue: text.value, cols: 60, tsuzuki: { endpoint: server }, ...listen });
          createApp({ render }).mount("#vue");
        }""",
        server,
    )
    for name in ("host", "vue"):
        field = page.locator(f"#{name} textarea")
        expect(field).to_have_value("Hello.")
        field.focus()
        page.keyboard.press("Control+End")
        page.keyboard.type(" Thank you for your h")
        expect(page.locator(f"#{name} tsuzuki-view .tail")).to_have_text("elp")
        page.keyboard.press("Tab")
        expect(field).to_have_value("Hello. Thank you for your help")
    assert page.evaluate("text.value") == "Hello. Thank you for your help"
    assert page.evaluate("new FormData(f).get('answer')") == "Hello. Thank you for your help"
    # Attributes are handed on, and may change.
    page.evaluate("document.querySelector('tsuzuki-textarea').setAttribute('mode', 'strip')")
    expect(page.locator("#host textarea")).to_have_attribute("data-tsuzuki-mode", "strip")
    assert page.evaluate("document.querySelector('tsuzuki-textarea').value") == "Hello. Thank you for your help"
