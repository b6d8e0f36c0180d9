"""Results pushed to and pulled from S3: a local server (moto). Needs the `s3` extra and moto[server]."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scratch import Scratch

pytest.importorskip("moto", reason="moto[server] is not installed: it and dvc-s3 slow every start")
pytest.importorskip("dvc_s3", reason="the s3 extra is not installed: it slows every start")
pytestmark = pytest.mark.workflow
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def server() -> Iterator[str]:
    """Address of a local S3 server with a bucket `results`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", str(port)], stderr=subprocess.DEVNULL
    )
    make_bucket = f"import boto3; boto3.client('s3', endpoint_url='http://127.0.0.1:{port}').create_bucket(Bucket='results')"
    for _ in range(60):
        time.sleep(1)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", make_bucket],
            env=os.environ | KEYS,
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            break
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def test_results_travel_through_s3(study: Scratch, server: str, tmp_path: Path) -> None:
    study.env |= KEYS
    study.call("dvc", "remote", "add", "-q", "-f", "s3", "s3://results/study")
    study.call("dvc", "remote", "modify", "s3", "endpointurl", server)
    study.call("dvc", "push", "-q", "-r", "s3")
    study.commit("Push")
    copy = Scratch(tmp_path / "copy", env=dict(study.env))
    study.git("clone", "-q", str(study.root), str(copy.root))
    shutil.rmtree(study.root / ".dvcstore")
    copy.call("dvc", "pull", "-q", "-r", "s3")
    assert copy.snakemake() == set()
    assert copy.repro() == set()
    copy.check()
