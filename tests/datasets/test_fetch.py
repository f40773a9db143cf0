"""Downloads: only what a licence allows, through the real hub client, from a hub that stands on this machine."""

import hashlib
import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fixtures.datasets import catalog, fetch, loading
from fixtures.errors import UserError
from tests.datasets.pictures import picture

COMMIT = "a" * 40


def test_dataset_that_may_not_be_downloaded_says_how_to_obtain_it(tmp_path):
    with pytest.raises(UserError) as caught:
        fetch.fetch("imagenet_val", tmp_path)

    for words in (
        "no redistribution",
        "image-net.org",
        "--audit-data DIR as imagenet_val or imagenet/val",
        "Can be downloaded: beans, eurosat",
    ):
        assert words in str(caught.value)


def test_wrong_name_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(UserError, match="Did you mean 'beans'"):
        fetch.fetch("bean", tmp_path)


def test_folder_must_be_told():
    with pytest.raises(UserError, match="--audit-fetch beans: say where to: --audit-data DIR"):
        fetch.fetch("beans", None)


def test_what_is_there_is_not_downloaded(tmp_path):
    (tmp_path / "beans").mkdir()
    told: list[str] = []

    fetch.fetch("beans", tmp_path, told.append)
    fetch.fetch("shapes", None, told.append)

    assert told == [f"beans: nothing to download, it is in {tmp_path / 'beans'}.", "shapes: nothing to download, it is rendered."]


def archive(names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for index, name in enumerate(names):
            image = io.BytesIO()
            picture(index).save(image, "jpeg")
            file.writestr(name, image.getvalue())
    return buffer.getvalue()


BEANS = {
    f"data/{split}.zip": archive([f"{split}/{name}/0.jpg" for name in ("angular_leaf_spot", "bean_rust", "healthy")])
    for split in ("train", "validation", "test")
}
EUROSAT = {
    "EuroSAT.zip": archive(
        [
            f"2750/{name}/{name}_1.jpg"
            for name in (
                "AnnualCrop",
                "Forest",
                "HerbaceousVegetation",
                "Highway",
                "Industrial",
                "Pasture",
                "PermanentCrop",
                "Residential",
                "River",
                "SeaLake",
            )
        ]
    )
}


def hub(files):
    """A hub with one dataset repository, as its client asks for it."""

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self):
            headers = {"X-Repo-Commit": COMMIT}
            if "/tree/" in self.path:
                body = json.dumps(
                    [
                        {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                        for name, content in files.items()
                    ]
                ).encode()
            elif "/revision/" in self.path:
                body = json.dumps({"id": "a/b", "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}).encode()
            elif "/resolve/" in self.path:
                body = files[self.path.split("/resolve/")[1].split("/", 1)[1]]
                headers["ETag"] = f'"{hashlib.sha1(body).hexdigest()}"'
            else:
                body = b"{}"
            self.send_response(200)
            for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def fetch_elsewhere(name, folder, endpoint, offline="0"):
    """`fetch` in a process of its own, since the hub's client reads its settings when it is imported."""
    code = (
        "import sys; from pathlib import Path; from fixtures.datasets.fetch import fetch; from fixtures.errors import UserError\n"
        "try: fetch(sys.argv[1], Path(sys.argv[2]))\n"
        "except UserError as error: print('REFUSED', error)"
    )
    environment = {
        **os.environ,
        "HF_ENDPOINT": endpoint,
        "HF_HUB_OFFLINE": offline,
        "HF_HOME": str(folder / "hub-home"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    command = [sys.executable, "-c", code, name, str(folder / "data")]
    answer = subprocess.run(command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize(("name", "files", "count"), [("beans", BEANS, 3), ("eurosat", EUROSAT, 10)])
def test_download_is_announced_unpacked_and_loads(tmp_path, name, files, count):
    server = hub(files)
    told = fetch_elsewhere(name, tmp_path, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()

    assert f"{name}: {catalog.resolve(name).hub.megabytes} MB from https://huggingface.co/datasets/" in told.split("\n")[0]
    assert "Licence: MIT" in told.split("\n")[0]
    spec = catalog.resolve(name, tmp_path / "data")
    assert catalog.is_present(spec)
    parts = [loading.load(spec, split) for split in (("test", "train") if spec.drawn else ("test",))]
    parts[0].check()
    assert sum(len(loaded.read(range(len(loaded)))) for loaded in parts) == count
    assert parts[0].label_space.class_names == spec.class_names
    assert {path.name for path in (tmp_path / "data").iterdir()} <= {name, f".{name}.lock"}
    assert spec.root is not None
    assert spec.root.stat().st_mode & 0o555 == 0o555


BROKEN = {
    "a file that is gone": ({name: content for name, content in BEANS.items() if "test" not in name}, "has no data/test.zip any more"),
    "a broken archive": ({**BEANS, "data/test.zip": BEANS["data/test.zip"][:200]}, "test.zip is broken"),
    "other contents": ({name: archive(["readme.jpg", "more.jpg"]) for name in BEANS}, "does not look as it should (more.jpg, readme.jpg)"),
}


@pytest.mark.parametrize(("files", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_download_leaves_no_dataset(tmp_path, files, message):
    server = hub(files)
    told = fetch_elsewhere("beans", tmp_path, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()

    assert "REFUSED" in told
    assert message in told
    assert not (tmp_path / "data" / "beans").exists()


@pytest.mark.parametrize("offline", ["0", "1"])
def test_hub_out_of_reach_is_told_in_a_line(tmp_path, offline):
    told = fetch_elsewhere("beans", tmp_path, "http://127.0.0.1:9", offline)

    assert "REFUSED beans: cannot download https://huggingface.co/datasets/AI-Lab-Makerere/beans" in told
    assert "By hand: Unpack the three archives" in told
