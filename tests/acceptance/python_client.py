"""The official client against the stand-in Hub: list models over several pages, read a card, download a pinned file, upload.

Run as: python_client.py STAND_IN_BINARY INDEX (`make acceptance` does). The stand-in is then not only what we imagine.
"""

import hashlib
import os
import subprocess
import sys
import tempfile

binary = sys.argv[1]
content = os.urandom(300_000)
work = tempfile.mkdtemp()
dataset = os.path.join(work, "models.parquet")
open(dataset, "wb").write(content)
hub = subprocess.Popen([binary, "--dataset", dataset, sys.argv[2]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
os.environ["HF_ENDPOINT"] = hub.stdout.readline().strip()
os.environ["HF_HOME"] = os.path.join(work, "hf")
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import huggingface_hub  # noqa: E402 (reads the environment when imported)

api = huggingface_hub.HfApi()
for arguments in [
    {},
    {"sort": "created_at", "expand": ["author", "cardData", "createdAt", "downloads", "downloadsAllTime", "gated", "lastModified", "likes", "safetensors", "sha", "tags"]},
    {"full": True, "sort": "last_modified"},
]:
    models = list(api.list_models(**arguments))
    assert len(models) == 4167 and len({m.id for m in models}) == 4167, len(models)
    if arguments.get("sort") == "created_at":
        assert all(a.created_at >= b.created_at for a, b in zip(models, models[1:]))
        assert all(m.downloads_all_time is not None and m.sha for m in models)
    print(f"list_models({arguments}): {len(models)} models, first {models[0].id}")
assert len(list(api.list_models(limit=2500))) == 2500
info = api.model_info(models[0].id)
assert info.id == models[0].id
path = huggingface_hub.hf_hub_download("owner/hub-stats", "models.parquet", repo_type="dataset")
commit = path.split("/snapshots/")[1].split("/")[0]
assert hashlib.sha256(open(path, "rb").read()).digest() == hashlib.sha256(content).digest()
assert api.dataset_info("owner/hub-stats").sha == commit
assert huggingface_hub.hf_hub_download("owner/hub-stats", "models.parquet", repo_type="dataset", revision=commit) == path
print(f"hf_hub_download: {os.path.getsize(path)} bytes at commit {commit}")
os.environ["HF_HUB_OFFLINE"] = "1"
first = "weqweasdas/RM-Gemma-7B"
card = huggingface_hub.hf_hub_download(first, "README.md")
assert open(card).read().startswith("---\nlicense: mit")
print(f"README.md of {first}: {os.path.getsize(card)} bytes")
api.upload_file(path_or_fileobj=b"{}", path_in_repo="manifest.json", repo_id="owner/hub-stats", repo_type="dataset", token="hf_x")
api.create_tag("owner/hub-stats", tag="v1", repo_type="dataset", token="hf_x")
refs = api.list_repo_refs("owner/hub-stats", repo_type="dataset")
assert [t.name for t in refs.tags] == ["v1"] and refs.tags[0].target_commit != commit
print("upload_file, create_tag, list_repo_refs: tag v1 at", refs.tags[0].target_commit)
hub.stdin.close()
print("stand-in:", hub.stdout.read().strip())
print("huggingface_hub", huggingface_hub.__version__, "ok")
